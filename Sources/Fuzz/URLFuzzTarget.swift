import Protocol

/// `HTTPURL`: what is accepted has one spelling, stays inside it, and resolves to what is accepted.
struct URLFuzzTarget: FuzzTarget {
  static let name = "url"

  static let tokens: [[UInt8]] = [
    "http://", "https://", "HTTP://", "//", "/", "/./", "/../", "..", "?", "#", ":", "@", "\\", "%2f", "%", "[::1]",
    "[", "]", "127.0.0.1",
    "0x7f.1", "127.1", "a.b", ":80", ":443", ":0", "localhost", "::ffff:1.2.3.4", "\r\n", " ", "\n", "a|b",
  ].map { Array($0.utf8) }

  /// The first line is a URL, the rest a reference.
  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    let parts = input.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
    let text = String(decoding: parts[0], as: UTF8.self)
    guard let url = HTTPURL(text) else { return }
    try check(url)
    if parts.count == 2, let resolved = url.resolving(String(decoding: parts[1], as: UTF8.self)) { try check(resolved) }
    try require(url.resolving("")?.target == url.target, "an empty reference leads elsewhere")
    try require(url.resolving(url.description) == url, "its own text leads elsewhere")
  }

  private func check(_ url: HTTPURL) throws {
    let text = url.description
    try require(HTTPURL(text) == url, "its own text is another URL: \(text)")
    try require(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }, "unsafe bytes: \(text)")
    try require(!url.origin.description.utf8.contains(UInt8(ascii: "@")), "user information: \(text)")
    try require(url.path.hasPrefix("/") && !url.path.contains("?") && !url.target.contains("#"), "bad parts: \(text)")
    try require(HTTPURL("\(url.origin)\(url.target)")?.origin == url.origin, "another origin: \(text)")
    try require(HTTPURL("\(url.origin)\(url.target)")?.target == url.target, "another target: \(text)")
  }

  func signature(of input: [UInt8]) -> UInt64 {
    let parts = input.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
    guard let url = HTTPURL(String(decoding: parts[0], as: UTF8.self)) else { return 0 }
    let resolved = parts.count == 2 ? url.resolving(String(decoding: parts[1], as: UTF8.self)) : nil
    var signature: UInt64 = 1
    for fact in [
      url.isSecure, url.origin.isLoopback, url.origin.host.contains(":"), url.query != nil, url.path == "/",
      resolved != nil,
      resolved?.origin == url.origin, url.origin.port == 80,
    ] {
      signature = signature << 1 | (fact ? 1 : 0)
    }
    return signature << 4 | UInt64(min(15, url.path.split(separator: "/").count))
  }
}
