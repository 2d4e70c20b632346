/// A change of the table `session`. Changes are made in their order; what cannot be written is forgotten, because the
/// daemon that lives knows its sessions anyway.
struct SessionChange: Sendable {
  enum Kind: Sendable, Equatable {
    case save(StoredSession)
    case remove([String])
  }

  let kind: Kind
  /// Called once, on the store's thread or where the change was asked for, when the change was tried.
  var done: @Sendable () -> Void = {}
}
