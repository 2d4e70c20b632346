/// One attribute of a span. Never a payload and never a secret.
package struct SpanAttribute: Sendable, Equatable {
  package enum Value: Sendable, Equatable {
    case string(String)
    case integer(Int)
  }

  /// Longer texts are cut: ids come from clients and servers. Bytes of UTF-8.
  package static let longestText = 1024

  package let key: String
  package let value: Value

  package init(_ key: String, _ text: String) {
    self.key = key
    value = .string(Self.cut(text, to: Self.longestText))
  }

  package init(_ key: String, _ number: Int) {
    self.key = key
    value = .integer(number)
  }

  /// The beginning of `text`, at most `limit` bytes of UTF-8, between two scalars.
  package static func cut(_ text: String, to limit: Int) -> String {
    let bytes = text.utf8
    guard let limit = bytes.index(bytes.startIndex, offsetBy: limit, limitedBy: bytes.endIndex),
      limit != bytes.endIndex
    else { return text }
    var end = limit
    while bytes[end] & 0b1100_0000 == 0b1000_0000 { end = bytes.index(before: end) }
    return String(text[..<end])
  }
}
