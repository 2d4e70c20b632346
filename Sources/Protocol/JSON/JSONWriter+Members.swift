/// Key and value in one call; nil is written as null.
extension JSONWriter {
  package mutating func member(_ name: String, _ text: String) {
    key(name)
    value(text)
  }

  package mutating func member(_ name: String, _ text: String?) {
    key(name)
    if let text { value(text) } else { null() }
  }

  package mutating func member(_ name: String, _ number: Int) {
    key(name)
    value(number)
  }

  package mutating func member(_ name: String, _ number: Int?) {
    key(name)
    if let number { value(number) } else { null() }
  }

  package mutating func member(_ name: String, _ number: Int64) {
    key(name)
    value(number)
  }

  package mutating func member(_ name: String, _ number: UInt64) {
    key(name)
    value(number)
  }

  package mutating func member(_ name: String, _ number: UInt64?) {
    key(name)
    if let number { value(number) } else { null() }
  }

  package mutating func member(_ name: String, _ number: Double) {
    key(name)
    value(number)
  }

  package mutating func member(_ name: String, _ number: Double?) {
    key(name)
    if let number { value(number) } else { null() }
  }

  package mutating func member(_ name: String, _ flag: Bool) {
    key(name)
    value(flag)
  }

  package mutating func member(_ name: String, _ flag: Bool?) {
    key(name)
    if let flag { value(flag) } else { null() }
  }

  package mutating func member(_ name: String, _ slice: JSONSlice) {
    key(name)
    splice(slice)
  }

  package mutating func member(_ name: String, _ slice: JSONSlice?) {
    key(name)
    if let slice { splice(slice) } else { null() }
  }

  package mutating func member(_ name: String, _ id: RequestID) {
    key(name)
    id.write(to: &self)
  }

  /// An array of strings.
  package mutating func member(_ name: String, _ texts: [String]) {
    key(name)
    beginArray()
    for text in texts { value(text) }
    endArray()
  }

  package mutating func nullMember(_ name: String) {
    key(name)
    null()
  }
}
