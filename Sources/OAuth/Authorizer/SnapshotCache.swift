import Synchronization

/// The last state of the store that was read. A look costs one `stat` as long as nobody writes; blocking.
final class SnapshotCache: Sendable {
  private let store: CredentialStore
  private let snapshot = Mutex<CredentialSnapshot?>(nil)

  init(_ store: CredentialStore) { self.store = store }

  /// What the store says at this moment.
  func current() throws(CredentialStoreFailure) -> CredentialSnapshot {
    if let known = snapshot.withLock({ $0 }), known.isCurrent(at: store.path) { return known }
    let read = try store.read()
    snapshot.withLock { $0 = read }
    return read
  }
}
