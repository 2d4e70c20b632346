/// The value of a `Host` header or the authority of an origin, parsed: `host` or `host:port` (RFC 9110 §7.2).
package struct HostName: Sendable, Equatable {
  /// Lower case; IPv6 literals with their brackets.
  package let name: String
  package let port: Int?

  /// Nil for everything that is not exactly a host with an optional port; user information, paths, empty ports and
  /// leading zeros are refused.
  package init?(_ text: String) {
    // Some letters beyond ASCII have a lower case within it.
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    let text = text.lowercased()
    let bytes = text.utf8
    let end: String.Index
    if bytes.first == UInt8(ascii: "[") {
      guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      end = bytes.index(after: bracket)
      guard bytes[bytes.index(after: bytes.startIndex)..<bracket].allSatisfy(Self.isInLiteral) else { return nil }
    } else {
      end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
      guard end != bytes.startIndex, bytes[..<end].allSatisfy(Self.isInName) else { return nil }
    }
    name = String(text[..<end])
    if end == bytes.endIndex {
      port = nil
      return
    }
    let digits = bytes[end...].dropFirst()
    guard bytes[end] == UInt8(ascii: ":"), (1...5).contains(digits.count), digits.first != UInt8(ascii: "0"),
      digits.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(String(Substring(digits)))
    else { return nil }
    self.port = Int(port)
  }

  /// The names by which only this machine reaches itself: `localhost`, `[::1]`, 127.0.0.0/8 in dotted decimal.
  package var isLoopback: Bool {
    if name == "localhost" || name == "[::1]" { return true }
    guard name.utf8.starts(with: "127.".utf8) else { return false }
    let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        guard (1...3).contains(part.count), part.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        // A leading zero means octal to some resolvers.
        return (part.count == 1 || part.first != 0x30) && UInt8(String(Substring(part))) != nil
      }
  }

  private static func isInName(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    default: false
    }
  }

  private static func isInLiteral(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x61...0x66, UInt8(ascii: ":"), UInt8(ascii: "."): true
    default: false
    }
  }
}
