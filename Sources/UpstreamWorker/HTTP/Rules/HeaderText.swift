import Protocol

/// Texts of our own in header values (2026-07-28 transports, "value encoding"; mcp-checklist CLI-11). Pure.
enum HeaderText {
  private static let prefix = "=?base64?"
  private static let suffix = "?="

  /// `text` itself if it survives an HTTP field: printable ASCII without space at its ends. Anything else, and what could be
  /// taken for an encoded one, as `=?base64?…?=` over its UTF-8.
  static func encode(_ text: String) -> String {
    let bytes = text.utf8
    let isPlain =
      bytes.allSatisfy { $0 >= 0x20 && $0 <= 0x7e } && bytes.first != 0x20 && bytes.last != 0x20
      && !(text.hasPrefix(prefix) && text.hasSuffix(suffix))
    return isPlain ? text : "\(prefix)\(Base64.encode(bytes))\(suffix)"
  }

  /// RFC 9110 section 5.6.2.
  static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}
