import Protocol

/// Names of `full` exposure: `<server>__<name>`, in letters, digits, `_` and `-`, at most 48 characters. Pure.
///
/// A name depends on its server's id and its own name alone, so that it stays whatever other servers come and go. It ends in
/// a hash of both where the plain form would not be theirs alone: a character had to be replaced, it is too long, the
/// separator could be elsewhere, or the server's id has capitals.
enum FullName {
  static let separator = "__"
  /// Model APIs take 64, and clients put their own prefix before it.
  static let longest = 48
  private static let hashLength = 8

  static func of(_ name: String, _ server: String) -> String {
    let plain = server + separator + name
    return isPlain(name, server) ? plain : hashed(name, server)
  }

  /// The form with a hash; for the second of two names of a server that differ in the case of letters only, too.
  static func hashed(_ name: String, _ server: String) -> String {
    let digest = FNV1a.hex64(Array("\(server.utf8.count):\(server)\(name)".utf8)).prefix(hashLength)
    let plain = sanitized(server) + separator + sanitized(name)
    return plain.prefix(longest - hashLength - 1) + "_" + digest
  }

  /// The name that the server has for a plain name; nil for other servers' names. Of a name with a hash it gives one that no
  /// server has.
  static func name(in text: String, of server: String) -> String? {
    let prefix = server + separator
    guard text.utf8.starts(with: prefix.utf8) else { return nil }
    let name = String(text.dropFirst(prefix.count))
    return of(name, server) == text ? name : nil
  }

  private static func isPlain(_ name: String, _ server: String) -> Bool {
    guard server.utf8.count + separator.utf8.count + name.utf8.count <= longest, !name.isEmpty else { return false }
    // The first separator must be the one between server and name.
    guard !contains(server, separator), server.utf8.last != UInt8(ascii: "_") else { return false }
    // Another server's id may differ in case only, and some hosts do not tell upper case from lower case.
    guard !server.utf8.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) else { return false }
    return server.utf8.allSatisfy(isAllowed) && name.utf8.allSatisfy(isAllowed)
  }

  private static func contains(_ text: String, _ part: String) -> Bool {
    let (text, part) = (Array(text.utf8), Array(part.utf8))
    guard text.count >= part.count else { return false }
    return (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
  }

  private static func sanitized(_ text: String) -> String {
    String(decoding: text.utf8.map { isAllowed($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  // MARK: URIs

  private static let scheme = "warmplane://"

  /// `warmplane://<server>/<uri>`, both percent-encoded.
  static func uri(of uri: String, _ server: String) -> String {
    "\(scheme)\(PercentEncoding.encode(server))/\(PercentEncoding.encode(uri))"
  }

  /// The server and its own URI; nil for a URI that is none of ours.
  static func resource(_ text: String) -> (server: String, uri: String)? {
    guard text.utf8.starts(with: scheme.utf8) else { return nil }
    let rest = text.dropFirst(scheme.count)
    guard let slash = rest.firstIndex(of: "/") else { return nil }
    guard let server = PercentEncoding.decode(rest[..<slash]),
      let uri = PercentEncoding.decode(rest[rest.index(after: slash)...]), !server.isEmpty, !uri.isEmpty
    else { return nil }
    return (server, uri)
  }
}
