/// Texts of our own in header values (2026-07-28 transports, "value encoding"; mcp-checklist CLI-11). Pure.
package enum HeaderText {
  private static let prefix = "=?base64?"
  private static let suffix = "?="

  /// `text` itself if it survives an HTTP field: printable ASCII without space at its ends. Anything else, and what could be
  /// taken for an encoded one, as `=?base64?…?=` over its UTF-8.
  package static func encode(_ text: String) -> String {
    let bytes = text.utf8
    let isPlain =
      bytes.allSatisfy { $0 >= 0x20 && $0 <= 0x7e } && bytes.first != 0x20 && bytes.last != 0x20
      && !(text.hasPrefix(prefix) && text.hasSuffix(suffix))
    return isPlain ? text : "\(prefix)\(Base64.encode(bytes))\(suffix)"
  }

  /// The text that a header value stands for; nil when it is marked as encoded and is not: Base64 with its padding, over
  /// UTF-8 (mcp-checklist SRV-29).
  package static func decode(_ value: String) -> String? {
    guard value.utf8.count >= prefix.utf8.count + suffix.utf8.count, value.utf8.starts(with: prefix.utf8),
      value.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    else { return value }
    let code = String(Substring(value.utf8.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)))
    guard let bytes = Base64.decode(code), Base64.encode(bytes).utf8.elementsEqual(code.utf8) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// RFC 9110 section 5.6.2.
  package static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(isTokenByte)
  }

  /// Whether a byte may be in one (RFC 9110 §5.6.2).
  package static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
      true
    default: "!#$%&'*+.^_`|~".utf8.contains(byte)
    }
  }
}
