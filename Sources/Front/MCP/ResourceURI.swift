/// What a resource's URI must be for a list to be readable by every client. Pure.
enum ResourceURI {
  /// Whether parsers of URLs take it (RFC 3986, section 3, and the URL standard's hosts): a scheme, and behind `//` a host and
  /// a port that can be. Spaces and characters beyond ASCII are encoded by them elsewhere.
  static func isWellFormed(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let first = bytes.first, isLetter(first),
      bytes[..<colon].allSatisfy({ isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) }),
      bytes.allSatisfy({ $0 >= 0x20 }), bytes.last != 0x20
    else { return false }
    let rest = bytes[(colon + 1)...]
    guard rest.starts(with: "//".utf8) else { return !rest.isEmpty && !needsHost(bytes[..<colon]) }
    let authority = rest.dropFirst(2).prefix { !"/?#".utf8.contains($0) }
    let hostAndPort = authority.lastIndex(of: UInt8(ascii: "@")).map { authority[($0 + 1)...] } ?? authority
    if needsHost(bytes[..<colon]) { return isHostAndPort(hostAndPort, forbidden: " <>[]\\^|%") && !hostAndPort.isEmpty }
    return hostAndPort.isEmpty ? authority.isEmpty : isHostAndPort(hostAndPort, forbidden: " <>[]\\^|")
  }

  private static func isHostAndPort(_ text: ArraySlice<UInt8>, forbidden: String) -> Bool {
    if text.first == UInt8(ascii: "[") {
      guard let end = text.firstIndex(of: UInt8(ascii: "]")), end > text.startIndex + 1,
        text[(text.startIndex + 1)..<end].allSatisfy({ isDigit($0) || "abcdefABCDEF:.".utf8.contains($0) })
      else { return false }
      let port = text[(end + 1)...]
      return port.isEmpty || port.first == UInt8(ascii: ":") && isPort(port.dropFirst())
    }
    let host = text.prefix { $0 != UInt8(ascii: ":") }
    guard host.allSatisfy({ !forbidden.utf8.contains($0) }) else { return false }
    return host.count == text.count || !host.isEmpty && isPort(text[(host.endIndex + 1)...])
  }

  private static func isPort(_ text: ArraySlice<UInt8>) -> Bool {
    text.isEmpty || text.allSatisfy(isDigit) && UInt16(String(decoding: text, as: UTF8.self)) != nil
  }

  private static func needsHost(_ scheme: ArraySlice<UInt8>) -> Bool {
    ["http", "https", "ws", "wss", "ftp"].contains(String(decoding: scheme, as: UTF8.self).lowercased())
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
