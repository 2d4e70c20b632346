import Protocol

/// Where the content of a store is not as it must be.
package struct StoreFormatError: Error, Sendable {
  /// On one line, without anything of a value.
  package let text: String
}

/// Reads the members of one object of the store that we know. `null` counts as absent; a wrong type is an error, for a
/// file that we do not understand must not be written to.
struct StoreMemberReader {
  private let object: JSONSlice
  /// JSON pointer of the object (RFC 6901); names only, never values.
  private let place: String

  init(_ value: JSONSlice, at place: String) throws(StoreFormatError) {
    guard value.kind == .object else {
      throw StoreFormatError(text: "\(place.isEmpty ? "it" : place) is not an object")
    }
    // Which one counts would depend on the reader.
    if let name = value.firstRepeatedMember() {
      throw StoreFormatError(text: "\(Self.pointer(place, name)) is there twice")
    }
    object = value
    self.place = place
  }

  /// The members with their names and places.
  func forEach(_ body: (_ name: String, _ place: String, JSONSlice) throws(StoreFormatError) -> Void)
    throws(StoreFormatError)
  {
    for (key, value) in object.members {
      let name = key.string ?? ""
      try body(name, Self.pointer(place, name), value)
    }
  }

  func text(_ name: String) throws(StoreFormatError) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.string else { throw wrong(name, "a string") }
    return text
  }

  func texts(_ name: String) throws(StoreFormatError) -> [String]? {
    guard let value = value(name) else { return nil }
    guard value.kind == .array else { throw wrong(name, "an array of strings") }
    var texts: [String] = []
    for element in value.elements {
      guard let text = element.string else { throw wrong(name, "an array of strings") }
      texts.append(text)
    }
    return texts
  }

  func flag(_ name: String) throws(StoreFormatError) -> Bool? {
    guard let value = value(name) else { return nil }
    guard let flag = value.bool else { throw wrong(name, "true or false") }
    return flag
  }

  /// A time in seconds since 1970; other programs write fractions, which are dropped. What is out of range becomes the
  /// nearest number.
  func seconds(_ name: String, mayBeNegative: Bool = false) throws(StoreFormatError) -> Int64? {
    guard let value = value(name) else { return nil }
    guard let number = value.double, mayBeNegative || number >= 0 else { throw wrong(name, "a number of seconds") }
    return value.int.map { Int64($0) } ?? Int64(exactly: number.rounded(.down)) ?? (number < 0 ? .min : .max)
  }

  /// The nested object, or nil; `place` is where it is.
  func object(_ name: String) throws(StoreFormatError) -> StoreMemberReader? {
    guard let value = value(name) else { return nil }
    return try StoreMemberReader(value, at: Self.pointer(place, name))
  }

  private func value(_ name: String) -> JSONSlice? {
    guard let value = object.member(name), !value.isNull else { return nil }
    return value
  }

  private func wrong(_ name: String, _ expected: String) -> StoreFormatError {
    StoreFormatError(text: "\(Self.pointer(place, name)) is not \(expected)")
  }

  private static func pointer(_ place: String, _ name: String) -> String {
    // Names come from a file and go to a terminal.
    let shown = name.unicodeScalars.map { scalar in
      switch scalar {
      case "~": "~0"
      case "/": "~1"
      default: scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
      }
    }
    return "\(place)/\(shown.joined())"
  }
}
