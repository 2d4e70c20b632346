package import HTTPClient
package import Platform
import Protocol

/// Renews the tokens of one server, one process at a time (contract §7.8): under a lock of the store's key it reads the
/// entry again, uses what another process has obtained meanwhile, else asks the authorization server and saves what it
/// gets, if nobody has changed the entry in between. To be used by an actor on the client's loop.
package struct TokenKeeper {
  /// How long the lock is waited for; who has it needs no longer for a request and two writes.
  package static let lockPatience = Duration.seconds(20)
  /// All requests of one renewal together.
  static let requestsPatience = Duration.seconds(30)
  private static let lockPause = Duration.milliseconds(25)

  let profile: OAuthProfile
  let store: CredentialStore
  let key: String
  let client: HTTPClient
  let loop: EventLoop
  let files: BlockingThread

  /// Asked while another process has the lock: whether nobody wants the tokens any more.
  private let isGivenUp: () -> Bool

  /// `files`: where the store is read and written; no call on it takes longer than a write. `isGivenUp`: called on the loop.
  package init(
    _ profile: OAuthProfile, _ store: CredentialStore, key: String, client: HTTPClient, loop: EventLoop,
    files: BlockingThread, isGivenUp: @escaping () -> Bool = { false }
  ) {
    self.profile = profile
    self.store = store
    self.key = key
    self.client = client
    self.loop = loop
    self.files = files
    self.isGivenUp = isGivenUp
  }

  /// Renews, and saves.
  package func renew(
    _ reason: RenewalReason, isolation: isolated (any Actor)? = #isolation
  ) async -> Renewal {
    let lock: FileLock
    switch await takeLock(isolation: isolation) {
    case .success(let taken): lock = taken
    case .failure(let failure): return .transient(OAuthSentence.store(failure))
    }
    // Also when this task is cancelled, or the process ends.
    defer { lock.release() }
    let entry: StoreEntry?
    switch await read(isolation: isolation) {
    case .success(let found): entry = found
    case .failure(let failure): return .transient(OAuthSentence.store(failure))
    }
    if let tokens = alreadyRenewed(entry, reason) { return .tokens(tokens) }
    switch profile.grant {
    case .authorizationCode: return await refresh(entry, reason, isolation: isolation)
    case .clientCredentials: return await obtain(entry, reason, isolation: isolation)
    }
  }

  /// What another process obtained while we waited for the lock.
  private func alreadyRenewed(_ entry: StoreEntry?, _ reason: RenewalReason) -> StoredTokens? {
    let need = TokenNeed(entry, profile, now: EpochSeconds.now)
    switch reason {
    case .expiring: if case .use(let tokens) = need { return tokens }
    case .replacing(let old, _): if let tokens = need.usable, tokens.accessToken != old { return tokens }
    }
    return nil
  }

  // MARK: The store

  /// The lock is tried again and again instead of being waited for: the thread has other work.
  private func takeLock(isolation: isolated (any Actor)?) async -> Result<FileLock, CredentialStoreFailure> {
    let deadline = MonotonicTime.now + Self.lockPatience
    let (store, key) = (store, key)
    while true {
      let result = await onDisk(isolation: isolation) { () throws(CredentialStoreFailure) in
        try store.attemptRefreshLock(key)
      }
      switch result {
      case .failure(let failure): return .failure(failure)
      case .success(let lock?): return .success(lock)
      case .success(nil): break
      }
      if isGivenUp() {
        return .failure(CredentialStoreFailure(.cancelled, path: store.path, detail: "nobody waits any more"))
      }
      if MonotonicTime.now >= deadline {
        return .failure(
          CredentialStoreFailure(
            .locked, path: store.path,
            detail: "another process has been renewing these credentials for \(Self.lockPatience)"))
      }
      await pause(isolation: isolation)
    }
  }

  private func pause(isolation: isolated (any Actor)?) async {
    await withCheckedContinuation { continuation in
      _ = isolation
      loop.schedule(after: Self.lockPause) { continuation.resume() }
    }
  }

  private func read(isolation: isolated (any Actor)?) async -> Result<StoreEntry?, CredentialStoreFailure> {
    let (store, key) = (store, key)
    return await onDisk(isolation: isolation) { () throws(CredentialStoreFailure) in try store.read().entry(key) }
  }

  /// Runs `body` on the thread for files.
  func onDisk<T: Sendable>(
    isolation: isolated (any Actor)?, _ body: @escaping @Sendable () throws(CredentialStoreFailure) -> T
  ) async -> Result<T, CredentialStoreFailure> {
    let result = await files.run { () -> Result<T, CredentialStoreFailure> in
      do throws(CredentialStoreFailure) {
        return .success(try body())
      } catch {
        return .failure(error)
      }
    }
    return result
      ?? .failure(CredentialStoreFailure(.unreadable, path: store.path, detail: "too much work waits for the disk"))
  }
}
