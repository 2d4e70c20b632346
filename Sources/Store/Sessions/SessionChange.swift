/// A change of the tables `session` and `session_part`. What cannot be written is forgotten, because the daemon that
/// lives knows its sessions anyway.
struct SessionChange: Sendable {
  enum Kind: Sendable, Equatable {
    /// A session without its parts, which stay as they are.
    case save(StoredSession)
    case saveParts([StoredSession.Part], removing: [String], of: String)
    /// Sessions with their parts.
    case remove([String])
  }

  let kind: Kind
  /// Called once, on the store's thread or where the change was asked for, when the change was tried.
  var done: @Sendable () -> Void = {}
}
