package import HTTPClient
package import Platform
package import Protocol

/// Gives each request to one upstream its OAuth token, and sees to it that there is a good one (contract §6.5, §7.8). An
/// actor on the loop; the protocol's methods are to be called there.
///
/// The store is looked at before every request, on the thread for files: one `stat` while nothing changes. So what
/// another process obtains, and a logout, counts for the next request.
package actor OAuthAuthorizer: RequestAuthorizer {
  /// How long a token that is still valid is used after an attempt to renew it failed, before the next attempt.
  static let earlyPause = Duration.seconds(30)
  /// How long the same failure is told without another attempt, once there is no valid token.
  static let failurePause = Duration.seconds(2)
  static let deadPause = Duration.seconds(60)

  let loop: EventLoop
  let profile: OAuthProfile
  let store: CredentialStore
  let key: String
  let files: BlockingThread
  let keeper: TokenKeeper
  let cache: SnapshotCache
  let log: (OAuthNotice) -> Void

  package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// The access token of each generation, the last ones only.
  private var accessTokens: [Int: String] = [:]
  private var generation = 0
  /// The access token of the present generation took the place of a refused one, and no answer has proved it yet.
  private var awaitsProof = false
  /// As the store or the last renewal has it.
  var unproven: UnprovenToken?
  private var boundKey: (pem: String, key: SigningKey)?
  /// What the upstream wants to see in the next proof (RFC 9449 section 9).
  private var nonce: String?

  /// The renewal that is under way, one for all.
  var renewal: Task<Renewal, Never>?
  /// Until then tokens that are still valid are not renewed.
  var noEarlyRenewalBefore = MonotonicTime.now
  /// The last renewal failed; until `until` nobody tries again.
  private var failure: (failure: AuthorizationFailure, until: MonotonicTime)?
  /// Tokens that could not be saved, and those that the store had then.
  var unsaved: UnsavedTokens?
  /// Nobody wants tokens any more, but what is under way must not be lost. Its own object: the keeper asks it.
  let isClosing: Flag

  /// - Parameters:
  ///   - profile: The server, and its `auth`.
  ///   - key: The key in the store.
  ///   - client: Of `loop`; for the authorization server's endpoints.
  ///   - files: For the store.
  ///   - log: Called on the loop.
  package init(
    _ profile: OAuthProfile, store: CredentialStore, key: String, client: sending HTTPClient, loop: EventLoop,
    files: BlockingThread, log: sending @escaping (OAuthNotice) -> Void
  ) {
    self.loop = loop
    self.profile = profile
    self.store = store
    self.key = key
    self.files = files
    let isClosing = Flag()
    self.isClosing = isClosing
    keeper = TokenKeeper(
      profile, store, key: key, client: client, loop: loop, files: files, isGivenUp: { isClosing.isSet })
    cache = SnapshotCache(store)
    self.log = log
  }

  // MARK: RequestAuthorizer

  package nonisolated func authorize(
    method: String, url: HTTPURL, _ completion: @escaping (Result<Authorization, AuthorizationFailure>) -> Void
  ) {
    let completion = LoopBound(completion)
    assumeIsolated { me in
      _ = Task { completion.value(await me.authorization(method, url)) }
    }
  }

  package nonisolated func refused(
    _ head: HTTPResponseHead, _ authorization: Authorization, isLast: Bool,
    _ completion: @escaping (AuthorizationVerdict) -> Void
  ) {
    let completion = LoopBound(completion)
    assumeIsolated { me in
      _ = Task { completion.value(await me.verdict(head, authorization, isLast: isLast)) }
    }
  }

  package nonisolated func received(_ head: HTTPResponseHead, _ authorization: Authorization) {
    let fresh = DPoPProof.nonce(head.fields.first("dpop-nonce"))
    let isAccepted = head.status != 401
    assumeIsolated { me in
      if let fresh { me.nonce = fresh }
      if isAccepted, me.awaitsProof, me.isCurrent(authorization) { me.noteProven() }
    }
  }

  /// Waits for a renewal whose request may be out: with a rotating refresh token its loss would be a logout.
  package nonisolated func settle(_ completion: @escaping () -> Void) {
    let completion = LoopBound(completion)
    assumeIsolated { me in
      me.isClosing.isSet = true
      guard me.renewal != nil || me.unsaved != nil else { return completion.value() }
      _ = Task {
        await me.settled()
        completion.value()
      }
    }
  }

  // MARK: One request

  private func authorization(
    _ method: String, _ url: HTTPURL
  ) async -> Result<Authorization, AuthorizationFailure> {
    let need: TokenNeed
    switch await look() {
    case .failure(let failure): return .failure(OAuthSentence.store(failure))
    case .success(let entry): need = TokenNeed(entry, profile, now: EpochSeconds.now)
    }
    switch need {
    case .use(let tokens): return authorization(tokens, method, url)
    case .impossible(let failure): return .failure(failure)
    case .renewEarly(let tokens):
      if MonotonicTime.now < noEarlyRenewalBefore { return authorization(tokens, method, url) }
      switch await renewed(.expiring) {
      case .tokens(let new, _): return authorization(new, method, url)
      case .transient(let failure, let seconds):
        postpone(.seconds(min(seconds ?? 0, 300)))
        return reuse(tokens, failure, method, url)
      case .dead(let failure):
        postpone(.seconds(300))
        return reuse(tokens, failure, method, url)
      }
    case .renew:
      if let failure, MonotonicTime.now < failure.until { return .failure(failure.failure) }
      switch await renewed(.expiring) {
      case .tokens(let new, _): return authorization(new, method, url)
      case .transient(let failure, let seconds):
        remember(failure, max(Self.failurePause, .seconds(min(seconds ?? 0, 60))))
        return .failure(failure)
      case .dead(let failure):
        remember(failure, Self.deadPause)
        return .failure(failure)
      }
    }
  }

  private func postpone(_ pause: Duration) { noEarlyRenewalBefore = .now + max(pause, Self.earlyPause) }

  private func remember(_ failure: AuthorizationFailure, _ pause: Duration) {
    self.failure = (failure, .now + pause)
  }

  /// The current token after a failed attempt to renew it; that may have taken so long that it has expired.
  private func reuse(
    _ tokens: StoredTokens, _ failure: AuthorizationFailure, _ method: String, _ url: HTTPURL
  ) -> Result<Authorization, AuthorizationFailure> {
    if let expiresAt = tokens.expiresAt, expiresAt <= EpochSeconds.now { return .failure(failure) }
    return authorization(tokens, method, url)
  }

  private func authorization(
    _ tokens: StoredTokens, _ method: String, _ url: HTTPURL
  ) -> Result<Authorization, AuthorizationFailure> {
    if accessTokens[generation] != tokens.accessToken {
      generation += 1
      accessTokens[generation] = tokens.accessToken
      accessTokens[generation - 8] = nil
      failure = nil
      awaitsProof = unproven?.isAbout(tokens.accessToken) ?? false
    }
    guard let pem = tokens.dpopKey else {
      let field = HTTPField("Authorization", "Bearer \(tokens.accessToken)")
      return .success(Authorization(fields: [field], generation: generation))
    }
    do throws(CryptoFailure) {
      let key = try signingKey(pem)
      let proof = try DPoPProof.make(
        method: method, url: url, accessToken: tokens.accessToken, nonce: nonce, key: key, now: EpochSeconds.now)
      let fields = [HTTPField("Authorization", "DPoP \(tokens.accessToken)"), HTTPField("DPoP", proof)]
      return .success(Authorization(fields: fields, generation: generation))
    } catch {
      return .failure(AuthorizationFailure(.authMissing, "has tokens whose key cannot be used: \(error)"))
    }
  }

  private func signingKey(_ pem: String) throws(CryptoFailure) -> SigningKey {
    if let boundKey, boundKey.pem == pem { return boundKey.key }
    let key = try SigningKey(pem: Array(pem.utf8))
    boundKey = (pem, key)
    return key
  }

  private func noteProven() {
    awaitsProof = false
    guard let token = accessTokens[generation] else { return }
    _ = Task { await self.forgetUnproven(token) }
  }

  /// The token of a request that was refused; nil when it is so old that nobody remembers.
  func accessToken(of authorization: Authorization) -> String? { accessTokens[authorization.generation] }

  /// Whether the upstream has given out a nonce.
  var hasNonce: Bool { nonce != nil }

  /// Whether it is the last that was given out.
  func isCurrent(_ authorization: Authorization) -> Bool { authorization.generation == generation }
}

/// Something that is so or not; read where its owner has no access. Loop-confined.
final class Flag {
  var isSet = false
}
