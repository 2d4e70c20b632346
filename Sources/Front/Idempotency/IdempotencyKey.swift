import Protocol

/// A name that a client chose for one operation: asked for again under it, the operation is not carried out again, and the
/// answer is the first one's outcome (contract §10, "Idempotency").
struct IdempotencyKey: Sendable, Hashable {
  /// Longest key, in bytes.
  static let longest = 255
  /// Whoever reaches a daemon without tokens is the same user.
  static let localUser = "local"

  /// Keys of different principals never meet.
  let principal: String
  let text: String

  init(principal: String = Self.localUser, text: String) {
    self.principal = principal
    self.text = text
  }

  /// Whether a client's text can be a key: what can be written into a header and read back as it was.
  static func isAcceptable(_ text: String) -> Bool {
    (1...longest).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
      && text.utf8.first != 0x20 && text.utf8.last != 0x20
  }

  /// What a header says. The header's specification writes a quoted string (RFC 9651 §3.3.3), most clients the bare key.
  static func unquoted(_ value: String) -> String {
    guard value.utf8.count > 2, value.utf8.first == 0x22, value.utf8.last == 0x22 else { return value }
    let inner = value.dropFirst().dropLast()
    return inner.utf8.contains { $0 == 0x22 || $0 == 0x5C } ? value : String(inner)
  }
}
