import Protocol

/// Whether a text tells a client what `structuredContent` tells others (mcp-checklist §6.9). Pure.
enum StructuredText {
  /// Whether a block of the content is a text of that value.
  static func isToldBy(_ block: JSONSlice, _ value: JSONSlice) -> Bool {
    guard block.member("type")?.isString("text") == true, let text = block.member("text")?.string else { return false }
    return isToldBy(text, value) || wrapped(value).map { isToldBy(text, $0) } ?? false
  }

  private static func isToldBy(_ text: String, _ value: JSONSlice) -> Bool {
    if value.isString(text) { return true }
    guard let said = try? JSONSlice(validating: Array(text.utf8)) else { return false }
    return isSame(said, value)
  }

  /// What the official SDKs wrap as `result`, because a value that is no object could not be structured content.
  private static func wrapped(_ value: JSONSlice) -> JSONSlice? {
    var members = value.members.makeIterator()
    guard let (key, only) = members.next(), key.isString("result"), members.next() == nil else { return nil }
    return only
  }

  /// The same text but for white space and escapes. Another order, or `1.0` for `1`, is another value: then it is told
  /// twice, which does no harm.
  private static func isSame(_ left: JSONSlice, _ right: JSONSlice) -> Bool {
    guard left.kind == right.kind else { return false }
    switch left.kind {
    case .null: return true
    case .bool, .number: return left.bytes == right.bytes
    case .string: return left.string.map { right.isString($0) } ?? false
    case .array:
      var others = right.elements.makeIterator()
      for one in left.elements {
        guard let other = others.next(), isSame(one, other) else { return false }
      }
      return others.next() == nil
    case .object:
      var others = right.members.makeIterator()
      for (key, one) in left.members {
        guard let other = others.next(), isSame(key, other.key), isSame(one, other.value) else { return false }
      }
      return others.next() == nil
    }
  }
}
