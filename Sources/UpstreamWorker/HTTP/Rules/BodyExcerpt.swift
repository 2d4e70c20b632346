import OAuth
import Protocol

/// A few words of an answer's body for an error message: one line, capped, without our secrets. Pure.
struct BodyExcerpt {
  /// Longest excerpt, in characters.
  static let longest = 300
  /// Bytes of a body that are looked at.
  static let mostBytes = 4096
  /// What is shorter could be part of any word, and is no secret worth the name.
  static let shortestSecret = 6

  /// Values that must not be shown, the longest first: a server may well quote the request that it refuses.
  private let secrets: [String]

  init() { secrets = [] }

  /// `values`: of header fields and parameters that were sent. What they consist of is hidden as well, and the ways in
  /// which JSON and URLs spell it.
  init(hiding values: [String]) {
    var all: Set<String> = []
    for value in values.flatMap(Self.parts) {
      for spelling in [value, value.replacing("/", with: "\\/"), FormEncoding.encode(value)]
      where spelling.utf8.count >= Self.shortestSecret {
        all.insert(spelling)
      }
    }
    secrets = all.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
  }

  /// The values of a URL's query, as they stand there and as they are meant.
  static func secrets(ofQuery query: String?) -> [String] {
    guard let query else { return [] }
    let written = query.split(separator: "&").map { part in
      part.firstIndex(of: "=").map { String(part[part.index(after: $0)...]) } ?? String(part)
    }
    return [query] + written + FormEncoding.decode(query).map { $0.value.isEmpty ? $0.name : $0.value }
  }

  /// Of `Bearer x` the `x` alone is a secret, too; of `Basic x` what it encodes, and the password in that.
  private static func parts(_ value: String) -> [String] {
    let words = value.split(separator: " ").map(String.init)
    guard words.count > 1 else { return [value] }
    var parts = [value] + words.dropFirst()
    if words.count == 2, words[0].lowercased() == "basic", let bytes = Base64.decode(words[1]) {
      let pair = String(decoding: bytes, as: UTF8.self)
      parts.append(pair)
      if let colon = pair.firstIndex(of: ":") { parts.append(String(pair[pair.index(after: colon)...])) }
    }
    return parts
  }

  /// Empty when nothing readable is in `body`.
  func text(_ body: some Collection<UInt8>) -> String {
    // A secret that would be cut is looked at as a whole.
    let whole = Self.mostBytes + (secrets.first?.utf8.count ?? 0)
    let text = String(hidden(String(decoding: body.prefix(whole), as: UTF8.self)).prefix(Self.mostBytes))
    let words = text.split { $0.isWhitespace || $0.unicodeScalars.allSatisfy { $0.value < 0x20 || $0.value == 0x7f } }
    return words.joined(separator: " ").clipped(to: Self.longest)
  }

  /// `text` with a sign in the place of each secret.
  func hidden(_ text: String) -> String { secrets.reduce(text) { Self.remove($1, from: $0) } }

  /// `HTTP 404: not found`, or `HTTP 404` alone.
  func sentence(status: Int, _ body: some Collection<UInt8>) -> String {
    let words = text(body)
    return words.isEmpty ? "HTTP \(status)" : "HTTP \(status): \(words)"
  }

  private static func remove(_ secret: String, from text: String) -> String {
    let bytes = Array(text.utf8)
    let needle = Array(secret.utf8)
    var kept: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index...].starts(with: needle) {
        kept += "…".utf8
        index += needle.count
      } else {
        kept.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: kept, as: UTF8.self)
  }
}
