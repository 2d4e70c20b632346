import Protocol

/// Changes of some members of a JSON object; all others keep their bytes and their place.
struct ObjectEdits {
  /// In the order in which members that are new are added. nil: the member goes.
  private var changes: [(name: String, text: [UInt8]?)] = []

  /// A member with JSON text of ours as its value; nil removes it.
  mutating func set(_ name: String, to text: [UInt8]?) { changes.append((name, text)) }

  /// Notes a change from `old` to `new`. Nothing is noted for a value that stays: however another program spells it, it
  /// keeps its spelling. What is absent is removed anyway, for the file may say so with `null`.
  mutating func set<Value: Equatable>(
    _ name: String, from old: Value?, to new: Value?, _ write: (inout JSONWriter, Value) -> Void
  ) {
    guard let new else { return set(name, to: nil) }
    if new == old { return }
    var writer = JSONWriter()
    write(&writer, new)
    set(name, to: writer.finish())
  }

  mutating func set(_ name: String, from old: String?, to new: String?) {
    set(name, from: old, to: new) { $0.value($1) }
  }

  mutating func set(_ name: String, from old: Int64?, to new: Int64?) {
    set(name, from: old, to: new) { $0.value($1) }
  }

  mutating func set(_ name: String, from old: Bool?, to new: Bool?) {
    set(name, from: old, to: new) { $0.value($1) }
  }

  mutating func set(_ name: String, from old: [String]?, to new: [String]?) {
    set(name, from: old, to: new) { writer, texts in
      writer.beginArray()
      for text in texts { writer.value(text) }
      writer.endArray()
    }
  }

  /// The object with the changes; nil, or another kind of value, counts as an empty object.
  func applied(to object: JSONSlice?) -> [UInt8] {
    var writer = JSONWriter(reserving: (object?.range.count ?? 0) + 1024)
    var done: Set<Int> = []
    writer.beginObject()
    for (key, value) in object?.members ?? JSONSlice.emptyObject.members {
      guard let index = changes.firstIndex(where: { key.isString($0.name) }) else {
        writer.key(splicing: key)
        writer.splice(value)
        continue
      }
      done.insert(index)
      guard let text = changes[index].text else { continue }
      writer.key(splicing: key)
      writer.splice(text: text)
    }
    for (index, change) in changes.enumerated() where !done.contains(index) {
      guard let text = change.text else { continue }
      writer.key(change.name)
      writer.splice(text: text)
    }
    writer.endObject()
    return writer.finish()
  }
}
