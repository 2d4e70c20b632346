import HTTPClient
import Platform
import Protocol

/// Tokens for the client itself, without a person (RFC 6749 section 4.4; MCP extension oauth-client-credentials).
extension TokenKeeper {
  func obtain(_ entry: StoreEntry?, _ reason: RenewalReason, isolation: isolated (any Actor)?) async -> Renewal {
    let own = entry.flatMap { $0.isFor(profile.serverURL) ? $0 : nil }
    let record: DiscoveryRecord
    do throws(DiscoveryFailure) {
      record = try await discover(own, reason, isolation: isolation)
    } catch {
      return error.isTransient
        ? .transient(OAuthSentence.notRenewed(error.detail)) : .dead(OAuthSentence.dead(error.detail, profile))
    }
    if let problem = ClientIdentity.issuerProblem(profile, record) {
      return .dead(OAuthSentence.dead(problem, profile))
    }
    guard let endpoint = record.tokenEndpoint else {
      return .dead(OAuthSentence.dead("no token endpoint is known", profile))
    }
    let scope = ScopeList.initial(profile, record).union(ScopeList(own?.challengedScope))
    do throws(TokenFailure) {
      let request = try await request(record, endpoint, scope, isolation: isolation)
      let key = try BoundKey.forTokens(of: own, record)
      let response = try await TokenEndpoint(endpoint, profile, client)
        .send(request, key: key?.key, isolation: isolation)
      let tokens = response.tokens(replacing: nil, scope: scope.text, key: key?.pem)
      return await save(tokens, record, reason, isolation: isolation)
    } catch {
      return error.kind == .dead
        ? .dead(OAuthSentence.dead(error.detail, profile))
        : .transient(OAuthSentence.notRenewed(error.detail), retryAfter: error.retryAfter)
    }
  }

  /// A record that is younger than a day, else what the network says now; during an outage an older one will do. After a
  /// refusal the network is asked in any case: the resource may have moved to another authorization server.
  private func discover(
    _ entry: StoreEntry?, _ reason: RenewalReason, isolation: isolated (any Actor)?
  ) async throws(DiscoveryFailure) -> DiscoveryRecord {
    if reason == .expiring, let record = entry?.discovery, record.isFresh(at: EpochSeconds.now) { return record }
    do throws(DiscoveryFailure) {
      return try await DiscoveryRun.recordOrFallback(
        of: profile, client, deadline: .now + Self.requestsPatience, isolation: isolation
      ).record
    } catch {
      if error.isTransient, let record = entry?.discovery { return record }
      throw error
    }
  }

  private func request(
    _ record: DiscoveryRecord, _ endpoint: String, _ scope: ScopeList, isolation: isolated (any Actor)?
  ) async throws(TokenFailure) -> TokenRequest {
    guard let id = profile.clientID else { throw TokenFailure(.dead, "there is no clientId") }
    let authentication: ClientAuthentication
    if let path = profile.privateKeyFile {
      let audience = record.authorizationServer ?? endpoint
      let wanted = profile.signingAlgorithm
      // Read each time: the file may have been replaced.
      let assertion = await files.run { () -> Result<String, CryptoFailure> in
        do throws(CryptoFailure) {
          let key = try PrivateKeyFile.load(path)
          return .success(
            try ClientAssertion.make(
              clientID: id, audience: audience, key: key, algorithm: wanted ?? key.defaultAlgorithm,
              now: EpochSeconds.now))
        } catch {
          return .failure(error)
        }
      }
      switch assertion {
      case .success(let text)?: authentication = .assertion(text)
      case .failure(.badKey(let text))?: throw TokenFailure(.dead, text)
      case .failure(let failure)?: throw TokenFailure(.transient, "\(failure)")
      case nil: throw TokenFailure(.transient, "too much work waits for the disk")
      }
    } else {
      authentication = ClientAuthentication(
        StoredClient(clientID: id, clientSecret: profile.clientSecret),
        supported: record.tokenEndpointAuthMethodsSupported)
    }
    return TokenRequest(
      .clientCredentials(scope: scope.text), clientID: id, authentication: authentication, resource: profile.resource)
  }

  private func save(
    _ tokens: StoredTokens, _ record: DiscoveryRecord, _ reason: RenewalReason, isolation: isolated (any Actor)?
  ) async -> Renewal {
    let (store, key, url) = (store, key, profile.serverURL)
    let result = await onDisk(isolation: isolation) { () throws(CredentialStoreFailure) in
      try store.update(key) { entry in
        var new = entry ?? StoreEntry()
        new.adopt(record, for: url)
        new.tokens = tokens
        new.unproven = reason.unproven(tokens)
        entry = new
      }
    }
    if case .failure(let failure) = result { return .tokens(tokens, unsaved: failure) }
    return .tokens(tokens)
  }
}
