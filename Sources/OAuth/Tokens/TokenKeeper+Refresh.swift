import HTTPClient
import Platform
import Protocol

/// Renewal with a refresh token (RFC 6749 section 6).
extension TokenKeeper {
  func refresh(
    _ entry: StoreEntry?, _ reason: RenewalReason, isolation: isolated (any Actor)?
  ) async -> Renewal {
    guard let entry, entry.isFor(profile.serverURL), let old = entry.tokens, !old.accessToken.isBlankText else {
      return .dead(OAuthSentence.missing(profile))
    }
    guard let token = old.refreshToken, !token.isBlankText else { return .dead(OAuthSentence.expired(profile)) }
    let record = entry.discovery ?? profile.fallbackRecord ?? DiscoveryRecord()
    guard let endpoint = record.tokenEndpoint ?? profile.tokenEndpoint else {
      return .dead(OAuthSentence.undiscovered(profile))
    }
    if let problem = ClientIdentity.issuerProblem(profile, record) {
      return .dead(OAuthSentence.dead(problem, profile))
    }
    guard let id = client(of: entry) else {
      return .dead(OAuthSentence.dead("the client that they were issued to is not known", profile))
    }
    let request = TokenRequest(
      .refresh(token: token, scope: ScopeList(old.scope).text), clientID: id.clientID,
      authentication: ClientAuthentication(id, supported: record.tokenEndpointAuthMethodsSupported),
      resource: profile.resource)
    do throws(TokenFailure) {
      let key = try BoundKey(stored: old.dpopKey)
      let response = try await TokenEndpoint(endpoint, profile, self.client)
        .send(request, key: key?.key, isolation: isolation)
      let new = response.tokens(replacing: old, scope: nil, key: old.dpopKey)
      return await save(new, replacing: old, reason, isolation: isolation)
    } catch {
      guard error.kind == .dead else {
        return .transient(OAuthSentence.notRenewed(error.detail), retryAfter: error.retryAfter)
      }
      return await bury(old, id, error, isolation: isolation)
    }
  }

  /// The configured client goes before the stored one, because its secret may have been changed.
  private func client(of entry: StoreEntry) -> StoredClient? {
    if let id = profile.clientID { return StoredClient(clientID: id, clientSecret: profile.clientSecret) }
    guard let client = entry.clientInfo, !client.clientID.isBlankText else { return nil }
    return client
  }

  /// Saves `new` where `old` still is. If somebody else has changed the entry (a login, a logout, another program), that
  /// stays.
  private func save(
    _ new: StoredTokens, replacing old: StoredTokens, _ reason: RenewalReason, isolation: isolated (any Actor)?
  ) async -> Renewal {
    let (store, key, url) = (store, key, profile.serverURL)
    let result = await onDisk(isolation: isolation) { () throws(CredentialStoreFailure) -> StoreEntry? in
      try store.update(key) { entry in
        if entry?.tokens == old {
          entry?.tokens = new
          entry?.unproven = reason.unproven(new)
          entry?.serverURL = url
        }
        return entry
      }
    }
    switch result {
    case .success(let entry): return outcome(of: entry)
    case .failure(let failure): return .tokens(new, unsaved: failure)
    }
  }

  /// The authorization server refuses the refresh token. It goes, unless another program has replaced it: then that one
  /// was first, and has what we wanted.
  private func bury(
    _ old: StoredTokens, _ id: StoredClient, _ failure: TokenFailure, isolation: isolated (any Actor)?
  ) async -> Renewal {
    let isGrant = failure.code == "invalid_grant"
    let isOwnClient = profile.clientID != nil
    let (store, key) = (store, key)
    let result = await onDisk(isolation: isolation) { () throws(CredentialStoreFailure) -> StoreEntry? in
      try store.update(key) { entry in
        // A configured client that is refused may be corrected in the configuration: nothing is lost by keeping these.
        guard entry?.tokens?.refreshToken == old.refreshToken, isGrant || !isOwnClient else { return entry }
        entry?.tokens?.refreshToken = nil
        // The next login registers anew.
        if !isGrant, entry?.clientInfo == id { entry?.clientInfo = nil }
        return entry
      }
    }
    if case .success(let entry?) = result, let tokens = entry.tokens, tokens.accessToken != old.accessToken {
      let renewed = outcome(of: entry)
      if case .tokens = renewed { return renewed }
    }
    return .dead(OAuthSentence.dead(failure.detail, profile))
  }

  /// What an entry that is not as we left it means for who waits for tokens.
  private func outcome(of entry: StoreEntry?) -> Renewal {
    switch TokenNeed(entry, profile, now: EpochSeconds.now) {
    case .use(let tokens), .renewEarly(let tokens): .tokens(tokens)
    case .renew: .transient(OAuthSentence.notRenewed("what was obtained has expired already"))
    case .impossible(let failure): .dead(failure)
    }
  }
}
