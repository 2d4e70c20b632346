import Platform

/// Tokens that the store could not take: they are used from memory, and written as soon as it can. With a rotating
/// refresh token the old ones are worthless, and to lose these would be a logout.
struct UnsavedTokens: Sendable {
  let new: StoredTokens
  /// What the store had; if it has something else by now, that counts.
  let old: StoredTokens?
  /// When to try again.
  var retry: MonotonicTime
  static let pause = Duration.seconds(5)

  /// Writes them where the old ones still are.
  func save(in store: CredentialStore, _ key: String, url: String) throws(CredentialStoreFailure) {
    try store.update(key) { entry in
      guard entry?.tokens == old else { return }
      var changed = entry ?? StoreEntry()
      changed.tokens = new
      changed.serverURL = url
      entry = changed
    }
  }

  /// What `entry` means while they are not written; nil: they are obsolete.
  func applied(to entry: StoreEntry?) -> StoreEntry? {
    guard entry?.tokens == old else { return nil }
    var entry = entry ?? StoreEntry()
    entry.tokens = new
    return entry
  }
}
