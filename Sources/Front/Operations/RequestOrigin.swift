import Protocol

/// Which request of which client an operation is for, in words that the next daemon understands too.
struct RequestOrigin {
  /// Longest request id that can be found again, in bytes of text; the return blob is bounded.
  static let longestID = 1024

  /// Names the operation among those of all clients.
  struct Key: Hashable {
    /// Random, of the client's process.
    let client: String
    let id: RequestID

    /// The same for workers, which need not understand it (`ForgottenQuestions`). Two that are taken for one make an
    /// outcome unknown that is known, and nothing else.
    var asker: String { FNV1a.hex64("\(client) \(id)".utf8) }
  }

  let key: Key
  /// When the client asked an earlier daemon the same, in nanoseconds of the monotonic clock; nil when it asks for the
  /// first time.
  let reaskedAt: Int64?

  /// Nil for a client that did not say who it is, and for an id that is too long.
  init?(client: String?, id: RequestID, reaskedAt: Int64?) {
    guard let client else { return nil }
    // Escaped it may have six times as many bytes, which still fit.
    if case .string(let text) = id, text.utf8.count > Self.longestID / 6 { return nil }
    key = Key(client: client, id: id)
    self.reaskedAt = reaskedAt
  }
}
