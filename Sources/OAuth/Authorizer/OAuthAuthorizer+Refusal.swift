import HTTPClient
import Platform
import Protocol

/// What a refusal by the upstream means (contract §6.5; RFC 6750 section 3, RFC 9449 section 9).
extension OAuthAuthorizer {
  func verdict(
    _ head: HTTPResponseHead, _ authorization: Authorization, isLast: Bool
  ) async -> AuthorizationVerdict {
    let challenges = AuthenticationChallenge.parse(head.fields.values("www-authenticate"))
      .filter { $0.scheme == "bearer" || $0.scheme == "dpop" }
    switch head.status {
    case 401: return await unauthorized(challenges, authorization, isLast: isLast)
    case 403:
      guard let challenge = challenges.first(where: { $0["error"] == "insufficient_scope" }) else { break }
      return await insufficientScope(ScopeList(challenge["scope"]), authorization, isLast: isLast)
    default: break
    }
    return .final(OAuthSentence.forbidden(profile))
  }

  // MARK: 401

  private func unauthorized(
    _ challenges: [AuthenticationChallenge], _ authorization: Authorization, isLast: Bool
  ) async -> AuthorizationVerdict {
    // The nonce was in the same head, and the next proof has it.
    let wantsNonce = challenges.contains { $0.scheme == "dpop" && $0["error"] == "use_dpop_nonce" }
    if !isLast, wantsNonce, hasNonce, authorization.fields.first("dpop") != nil { return .repeatRequest }
    guard !isLast, isCurrent(authorization), let refused = accessToken(of: authorization) else {
      // Another request has seen to it.
      return isLast ? .final(OAuthSentence.refused(profile, afterRenewal: true)) : .repeatRequest
    }
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
      if let unproven, unproven.forbidsRenewal(of: refused, now: EpochSeconds.now) {
        await distrustDiscovery()
        return .final(OAuthSentence.refused(profile, afterRenewal: true))
      }
    }
    switch await renewed(.replacing(accessToken: refused)) {
    case .tokens: return .repeatRequest
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
  /// it at once. Neither without an end.
  private func insufficientScope(
    _ scope: ScopeList, _ authorization: Authorization, isLast: Bool
  ) async -> AuthorizationVerdict {
    guard !isLast, isCurrent(authorization), let refused = accessToken(of: authorization) else {
      return isLast ? .final(OAuthSentence.insufficientScope(scope, profile, .asked)) : .repeatRequest
    }
    guard scope.text != nil else { return .final(OAuthSentence.insufficientScope(scope, profile, .unnamed)) }
    let step = await note(scope)
    guard profile.grant == .clientCredentials, step == .next else {
      return .final(OAuthSentence.insufficientScope(scope, profile, step))
    }
    switch await renewed(.replacing(accessToken: refused)) {
    case .tokens: return .repeatRequest
    case .transient(let failure, _), .dead(let failure): return .final(failure)
    }
  }

  /// Adds `scope` to what is asked for next time.
  private func note(_ scope: ScopeList) async -> ScopeStep {
    let (store, key, profile) = (store, key, profile)
    let result = await keeper.onDisk(isolation: self) { () throws(CredentialStoreFailure) -> ScopeStep in
      try store.update(key) { entry in
        guard entry?.isFor(profile.serverURL) ?? false else { return .next }
        return entry?.noteMissing(scope, profile) ?? .next
      }
    }
    if case .success(let step) = result { return step }
    return .next
  }
}
