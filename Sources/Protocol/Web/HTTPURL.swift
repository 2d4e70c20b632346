/// An absolute `http` or `https` URL (RFC 3986), split into the parts that requests and comparisons need. Pure.
///
/// Text that two parsers could read differently is refused instead of mended: control characters, spaces, backslashes,
/// user information, bad percent-encoding, hosts that some take for numbers (`127.1`, `0x7f.0.0.1`), and everything
/// outside ASCII.
package struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
  /// Scheme, host and port: what credentials never leave.
  package struct Origin: Sendable, Hashable, CustomStringConvertible {
    package let isSecure: Bool
    /// Lower-case; an IPv6 address in its one short spelling (RFC 5952), without brackets.
    package let host: String
    package let port: Int

    /// `https://example.com`, without the scheme's default port.
    package var description: String {
      let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
      let isDefault = port == (isSecure ? 443 : 80)
      return "\(isSecure ? "https" : "http")://\(name)\(isDefault ? "" : ":\(port)")"
    }

    /// The host is `localhost`, in 127.0.0.0/8, `::1`, or one of those as an IPv4 address inside IPv6.
    package var isLoopback: Bool { host == "localhost" || IPLiteral(host)?.isLoopback == true }
  }

  /// Longest URL accepted, in bytes.
  package static let longest = 8192

  package let origin: Origin
  /// Begins with a slash; percent-encoding as it was given. An empty path is `/`.
  package let path: String
  /// Without the question mark; nil when there is none.
  package let query: String?
  /// Whether the text named a path at all: `https://example.com` and `https://example.com/` are different identifiers.
  private let hasPath: Bool

  /// Nil when `text` is not an absolute http(s) URL as described above. A fragment is dropped: it is never sent.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.longest, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !Self.unsafe.contains($0) }) else {
      return nil
    }
    let isSecure: Bool
    let rest: Substring
    let head = text.prefix(8).lowercased()
    if head.hasPrefix("https://") {
      (isSecure, rest) = (true, text.dropFirst(8))
    } else if head.hasPrefix("http://") {
      (isSecure, rest) = (false, text.dropFirst(7))
    } else {
      return nil
    }
    let whole = rest.prefix { $0 != "#" }
    let authority = whole.prefix { $0 != "/" && $0 != "?" }
    let target = whole.dropFirst(authority.count)
    guard let origin = Self.origin(authority, isSecure: isSecure), Self.isEncodedWell(target.utf8) else { return nil }
    let path = target.prefix { $0 != "?" }
    self.init(
      origin: origin, path: path.isEmpty ? "/" : String(path),
      query: target.contains("?") ? String(target.dropFirst(path.count + 1)) : nil, hasPath: !path.isEmpty)
  }

  private init(origin: Origin, path: String, query: String?, hasPath: Bool) {
    self.origin = origin
    self.path = path
    self.query = query
    self.hasPath = hasPath
  }

  package var isSecure: Bool { origin.isSecure }

  /// The URL as it is sent, in one spelling: scheme and host in lower case, no default port, no fragment.
  package var description: String {
    "\(origin)\(hasPath ? path : "")\(query.map { "?\($0)" } ?? "")"
  }

  /// What stands in a request line: path and query.
  package var target: String { "\(path)\(query.map { "?\($0)" } ?? "")" }

  /// A URL of the same origin.
  package func with(path: String, query: String? = nil) -> HTTPURL {
    HTTPURL(origin: origin, path: path, query: query, hasPath: true)
  }

  /// The URL that a reference in a document at this URL means (RFC 3986 section 5.2); nil when that is no URL for us.
  package func resolving(_ reference: String) -> HTTPURL? {
    let reference = reference.prefix { $0 != "#" }
    if let absolute = HTTPURL(String(reference)) { return absolute }
    if reference.hasPrefix("//") { return HTTPURL("\(isSecure ? "https" : "http"):\(reference)") }
    let beforePath = reference.prefix { $0 != "/" && $0 != "?" }
    if beforePath.contains(":") { return nil }  // another scheme
    let newPath = reference.prefix { $0 != "?" }
    let newQuery = reference.contains("?") ? "?\(reference.dropFirst(newPath.count + 1))" : ""
    if newPath.isEmpty {
      let kept = newQuery.isEmpty ? query.map { "?\($0)" } ?? "" : newQuery
      return HTTPURL("\(origin)\(path)\(kept)")
    }
    let base = newPath.hasPrefix("/") ? "" : String(path[...(path.lastIndex(of: "/") ?? path.startIndex)])
    return HTTPURL("\(origin)\(Self.withoutDotSegments(base + newPath))\(newQuery)")
  }

  // MARK: Parsing

  private static let unsafe = Set("\"<>\\^`{|}".utf8)

  private static func origin(_ authority: Substring, isSecure: Bool) -> Origin? {
    var host = authority
    var port = isSecure ? 443 : 80
    let colon = authority.lastIndex(of: ":")
    let bracket = authority.lastIndex(of: "]")
    if let colon, bracket.map({ $0 < colon }) ?? true {
      host = authority[..<colon]
      let digits = authority[authority.index(after: colon)...]
      if !digits.isEmpty {
        guard digits.utf8.count <= 5, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(digits),
          (1...65535).contains(number)
        else { return nil }
        port = number
      }
    }
    if host.hasPrefix("[") {
      guard host.hasSuffix("]"), let address = IPLiteral(host.dropFirst().dropLast()), address.bytes.count == 16 else {
        return nil
      }
      return Origin(isSecure: isSecure, host: address.description, port: port)
    }
    guard isName(host) else { return nil }
    return Origin(isSecure: isSecure, host: host.lowercased(), port: port)
  }

  /// Labels as DNS takes them, and underscores; a dot may end it. What ends in a number is an IPv4 address or nothing.
  private static func isName(_ host: Substring) -> Bool {
    var labels = host.split(separator: ".", omittingEmptySubsequences: false)
    if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
    guard host.utf8.count <= 253, host.utf8.allSatisfy({ isHostByte($0) }),
      labels.allSatisfy({ (1...63).contains($0.utf8.count) }), let last = labels.last?.utf8
    else { return false }
    let isNumber =
      last.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } || last.starts(with: "0x".utf8) || last.starts(with: "0X".utf8)
    return !isNumber || IPLiteral(host) != nil
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }

  private static func isEncodedWell(_ bytes: Substring.UTF8View) -> Bool {
    var digitsDue = 0
    for byte in bytes {
      if digitsDue > 0 {
        guard isHexDigit(byte) else { return false }
        digitsDue -= 1
      } else if byte == UInt8(ascii: "%") {
        digitsDue = 2
      }
    }
    return digitsDue == 0
  }

  private static func withoutDotSegments(_ path: some StringProtocol) -> String {
    var kept: [Substring] = []
    let segments = Substring(path).split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".": if isLast { kept.append("") }
      case "..":
        _ = kept.popLast()
        if isLast { kept.append("") }
      default: kept.append(segment)
      }
    }
    return "/" + kept.joined(separator: "/")
  }
}
