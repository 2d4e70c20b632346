import HTTPClient
import Platform
import Protocol

/// What a refusal by the upstream means (contract §6.5; RFC 6750 section 3, RFC 9449 section 9).
extension OAuthAuthorizer {
  /// A token that was obtained this short a time ago is not obtained again because it is refused, too.
  private static let replacementAge = Duration.seconds(60)
  /// How often an upstream is given more scope, as long as this object lives.
  private static let mostSteps = 3

  func verdict(_ head: HTTPResponseHead, _ authorization: Authorization) async -> AuthorizationVerdict {
    let challenges = AuthenticationChallenge.parse(head.fields.values("www-authenticate"))
      .filter { $0.scheme == "bearer" || $0.scheme == "dpop" }
    switch head.status {
    case 401: return await unauthorized(challenges, authorization)
    case 403:
      guard let challenge = challenges.first(where: { $0["error"] == "insufficient_scope" }) else { break }
      return await insufficientScope(ScopeList(challenge["scope"]), authorization)
    default: break
    }
    return .final(OAuthSentence.forbidden(profile))
  }

  // MARK: 401

  private func unauthorized(
    _ challenges: [AuthenticationChallenge], _ authorization: Authorization
  ) async -> AuthorizationVerdict {
    // The nonce was in the same head, and the next proof has it.
    let wantsNonce = challenges.contains { $0.scheme == "dpop" && $0["error"] == "use_dpop_nonce" }
    if wantsNonce, hasNonce, authorization.fields.first("dpop") != nil { return .repeatRequest }
    // Another request has seen to it.
    guard isCurrent(authorization), let refused = accessToken(of: authorization) else { return .repeatRequest }
    switch await look() {
    case .failure(let failure): return .final(OAuthSentence.store(failure))
    case .success(let entry):
      let need = TokenNeed(entry, profile, now: EpochSeconds.now)
      if let tokens = need.usable, tokens.accessToken != refused { return .repeatRequest }
      if profile.grant == .authorizationCode, entry?.tokens?.refreshToken?.isBlankText ?? true {
        await distrustDiscovery()
        if case .impossible(let failure) = need { return .final(failure) }
        return .final(OAuthSentence.refused(profile, afterRenewal: false))
      }
    }
    if let replacement, replacement.accessToken == refused, .now - replacement.since < Self.replacementAge {
      await distrustDiscovery()
      return .final(OAuthSentence.refused(profile, afterRenewal: true))
    }
    switch await renewed(.replacing(accessToken: refused)) {
    case .tokens(let tokens, _):
      replacement = (tokens.accessToken, .now)
      return .repeatRequest
    case .transient(let failure, _): return .final(failure)
    case .dead(let failure):
      await distrustDiscovery()
      return .final(failure)
    }
  }

  /// The resource may have moved to another authorization server: the next login asks, however young the record is.
  private func distrustDiscovery() async {
    let (store, key) = (store, key)
    _ = await keeper.onDisk(isolation: self) { () throws(CredentialStoreFailure) in
      try store.update(key) { $0?.discovery?.discoveredAt = nil }
    }
  }

  // MARK: 403

  /// A person's login asks for the missing scope, because it is noted in the store; a client that acts for itself asks for
  /// it at once.
  private func insufficientScope(_ scope: ScopeList, _ authorization: Authorization) async -> AuthorizationVerdict {
    guard isCurrent(authorization), let refused = accessToken(of: authorization) else { return .repeatRequest }
    guard scope.text != nil else {
      return .final(OAuthSentence.insufficientScope(scope, profile, wasAsked: false))
    }
    let wasNoted = await note(scope)
    guard profile.grant == .clientCredentials else {
      return .final(OAuthSentence.insufficientScope(scope, profile, wasAsked: false))
    }
    guard !wasNoted, steps < Self.mostSteps else {
      return .final(OAuthSentence.insufficientScope(scope, profile, wasAsked: true))
    }
    steps += 1
    switch await renewed(.replacing(accessToken: refused)) {
    case .tokens: return .repeatRequest
    case .transient(let failure, _), .dead(let failure): return .final(failure)
    }
  }

  /// Adds `scope` to what is asked for next time; true: it was there already.
  private func note(_ scope: ScopeList) async -> Bool {
    let (store, key, url) = (store, key, profile.serverURL)
    let result = await keeper.onDisk(isolation: self) { () throws(CredentialStoreFailure) -> Bool in
      try store.update(key) { entry in
        guard entry?.isFor(url) ?? false else { return false }
        let known = ScopeList(entry?.challengedScope)
        if known.covers(scope) { return true }
        entry?.challengedScope = known.union(scope).text
        return false
      }
    }
    if case .success(let wasNoted) = result { return wasNoted }
    return false
  }
}
