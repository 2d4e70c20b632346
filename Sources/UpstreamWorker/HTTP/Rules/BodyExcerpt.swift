/// A few words of an answer's body for an error message: one line, capped, without our secrets. Pure.
struct BodyExcerpt {
  /// Longest excerpt, in characters.
  static let longest = 300
  /// Bytes of a body that are looked at.
  static let mostBytes = 4096
  /// What is shorter could be part of any word, and is no secret worth the name.
  static let shortestSecret = 6

  /// Values that must not be shown: a server may well quote the request that it refuses.
  var secrets: [String] = []

  /// Empty when nothing readable is in `body`.
  func text(_ body: some Collection<UInt8>) -> String {
    var text = String(decoding: body.prefix(Self.mostBytes), as: UTF8.self)
    for secret in secrets where secret.utf8.count >= Self.shortestSecret { text = Self.remove(secret, from: text) }
    let words = text.split { $0.isWhitespace || $0.unicodeScalars.allSatisfy { $0.value < 0x20 || $0.value == 0x7f } }
    return words.joined(separator: " ").clipped(to: Self.longest)
  }

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
