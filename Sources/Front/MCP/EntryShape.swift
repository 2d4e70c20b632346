import Protocol

/// What MCP's schema demands of a value in a list entry. Pure.
///
/// Some clients refuse a whole list for one value of a wrong type. A list of several servers therefore leaves out what is
/// optional and wrong, so that a faulty server costs the others nothing (mcp-checklist MAP-42).
indirect enum EntryShape: Sendable {
  case text
  case flag
  case integer
  /// A number from 0 to 1.
  case share
  case object
  case word([String])
  /// Elements that are wrong are left out.
  case list(EntryShape)
  /// Members that are wrong are left out; without one of `needs` nothing can be made of it.
  case record([String: EntryShape], needs: [String] = [])
  /// The JSON Schema of an object (mcp-checklist TL-1). `isStrict`: as revisions before 2026-07-28 have it, where the
  /// schemas of its properties are objects, too.
  case schema(isStrict: Bool)

  // MARK: Judging

  /// Whether the value may stay as it is. `takesNull`: null counts as "none" where a member is optional.
  func fits(_ value: JSONSlice, takesNull: Bool = false) -> Bool {
    switch self {
    case .text: value.kind == .string
    case .flag: value.bool != nil
    case .integer: value.kind == .number && value.double.map { $0.isFinite && $0 == $0.rounded() } == true
    case .share: value.kind == .number && value.double.map { (0...1).contains($0) } == true
    case .object: value.kind == .object
    case .word(let words): words.contains { value.isString($0) }
    case .list(let element):
      value.kind == .array && value.elements.allSatisfy { element.fits($0, takesNull: takesNull) }
    case .record(let shapes, let needs):
      value.kind == .object && needs.allSatisfy { value.member($0) != nil }
        && value.members.allSatisfy { key, member in
          guard let name = key.string, let shape = shapes[name] else { return true }
          return shape.fits(member, takesNull: takesNull)
            || takesNull && member.isNull && !needs.contains(name)
        }
    case .schema(let isStrict): Self.isSchema(value, isStrict)
    }
  }

  /// Whether something can be made of the value that may stay.
  func isOfUse(_ value: JSONSlice) -> Bool {
    switch self {
    case .text, .flag, .integer, .share, .object, .word: fits(value)
    case .list: value.kind == .array
    case .record(let shapes, let needs):
      value.kind == .object
        && needs.allSatisfy { name in
          value.member(name).map { shapes[name]?.isOfUse($0) ?? true } == true
        }
    case .schema: true
    }
  }

  // MARK: Mending

  /// Writes what can be made of a value that is of use; untouched when it fits.
  func write(_ value: JSONSlice, to writer: inout JSONWriter) {
    if fits(value) { return writer.spliceOneLine(value) }
    switch self {
    case .text, .flag, .integer, .share, .object, .word: writer.spliceOneLine(value)
    case .list(let element):
      writer.beginArray()
      for one in value.elements where element.isOfUse(one) { element.write(one, to: &writer) }
      writer.endArray()
    case .record(let shapes, _):
      writer.beginObject()
      for (key, member) in value.members {
        let shape = key.string.flatMap { shapes[$0] }
        if let shape, !shape.isOfUse(member) { continue }
        writer.key(splicing: key)
        if let shape { shape.write(member, to: &writer) } else { writer.spliceOneLine(member) }
      }
      writer.endObject()
    case .schema(let isStrict): Self.writeSchema(value, isStrict, to: &writer)
    }
  }

  // MARK: Schemas

  private static func isSchema(_ value: JSONSlice, _ isStrict: Bool) -> Bool {
    guard value.kind == .object, value.member("type")?.isString("object") == true else { return false }
    return value.members.allSatisfy { key, member in fits(key, member, isStrict) }
  }

  /// Whether a member of a schema may stay.
  private static func fits(_ key: JSONSlice, _ value: JSONSlice, _ isStrict: Bool) -> Bool {
    if key.isString("$schema") { return value.kind == .string }
    guard isStrict else { return true }
    if key.isString("required") { return EntryShape.list(.text).fits(value) }
    guard key.isString("properties") else { return true }
    return value.kind == .object && value.members.allSatisfy { $0.value.kind == .object }
  }

  /// The schema with what makes it one of an object.
  private static func writeSchema(_ value: JSONSlice, _ isStrict: Bool, to writer: inout JSONWriter) {
    writer.beginObject()
    var hasType = false
    if value.kind == .object {
      for (key, member) in value.members {
        if key.isString("type") {
          if !hasType { writer.member("type", "object") }
          hasType = true
        } else if fits(key, member, isStrict) {
          writer.key(splicing: key)
          writer.spliceOneLine(member)
        } else if key.isString("properties"), member.kind == .object {
          writer.key(splicing: key)
          writeProperties(member, to: &writer)
        }
      }
    }
    if !hasType { writer.member("type", "object") }
    writer.endObject()
  }

  /// `true` and `false` are schemas, too, but not to the older revisions.
  private static func writeProperties(_ properties: JSONSlice, to writer: inout JSONWriter) {
    writer.beginObject()
    for (name, schema) in properties.members {
      writer.key(splicing: name)
      if schema.kind == .object {
        writer.spliceOneLine(schema)
      } else {
        writer.splice(text: schema.bool == false ? #"{"not":{}}"# : "{}")
      }
    }
    writer.endObject()
  }
}
