package import HTTPClient
import Protocol

/// The two halves of a login in the browser: before it opens, and after it has come back. To be used by an actor on the
/// client's loop. Neither touches the store.
package struct Login {
  private let profile: OAuthProfile
  private let client: HTTPClient

  package init(_ profile: OAuthProfile, _ client: HTTPClient) {
    self.profile = profile
    self.client = client
  }

  /// Decides as which client we come, registers one where that is needed, and makes the URL.
  ///
  /// - Parameters:
  ///   - record: What was discovered, or the configuration's fallback.
  ///   - entry: The store's entry for the server, after `StoreEntry.adopt(record, for:)`.
  package func prepare(
    _ record: DiscoveryRecord, _ entry: StoreEntry?, isolation: isolated (any Actor)? = #isolation
  ) async throws(LoginFailure) -> LoginAttempt {
    guard profile.grant == .authorizationCode else {
      throw LoginFailure("its grant is \(profile.grant.rawValue), which needs no login")
    }
    let endpoint = try authorizationEndpoint(record)
    guard record.supportsS256 else {
      throw LoginFailure(
        "its authorization server does not announce the code challenge method S256, which is required")
    }
    let scope = ScopeList.forLogin(profile, record, entry)
    let client = try await client(record, entry, scope, isolation: isolation)
    let verifier = CodeVerifier()
    let state = RandomText.state()
    let request = AuthorizationRequest(
      clientID: client.clientID, redirectURI: profile.redirectURI, challenge: try challenge(verifier), state: state,
      scope: scope, resource: profile.resource)
    guard let url = request.url(at: endpoint) else { throw LoginFailure("its authorization URL would be too long") }
    return LoginAttempt(
      authorizationURL: url, state: state, verifier: verifier, client: client,
      pending: PendingLogin(redirectURI: profile.redirectURI, scope: scope.text, startedAt: EpochSeconds.now),
      expectation: .init(state: state, record))
  }

  /// Exchanges the code for tokens. `attempt`'s parts come from the store when another process began the login.
  ///
  /// - Parameters:
  ///   - pending: What the authorization request said; nil: as the configuration says now.
  package func exchange(
    code: String, verifier: CodeVerifier, client id: StoredClient, pending: PendingLogin?, _ record: DiscoveryRecord,
    isolation: isolated (any Actor)? = #isolation
  ) async throws(TokenFailure) -> StoredTokens {
    guard let text = record.tokenEndpoint else { throw TokenFailure(.dead, "no token endpoint is known") }
    let endpoint = try TokenEndpoint(text, profile, client)
    let redirectURI = pending?.redirectURI ?? profile.redirectURI
    let request = TokenRequest(
      .code(code, redirectURI: redirectURI, verifier: verifier), clientID: id.clientID,
      authentication: ClientAuthentication(id, supported: record.tokenEndpointAuthMethodsSupported),
      resource: profile.resource)
    let key = try BoundKey.make(record)
    let response = try await endpoint.send(request, key: key?.key, isolation: isolation)
    return response.tokens(replacing: nil, scope: pending?.scope, key: key?.pem)
  }

  private func authorizationEndpoint(_ record: DiscoveryRecord) throws(LoginFailure) -> HTTPURL {
    guard let text = record.authorizationEndpoint else {
      throw LoginFailure("its authorization endpoint is not known")
    }
    guard let url = HTTPURL(text) else { throw LoginFailure("its authorization endpoint is no http(s) URL") }
    // It is opened in a browser: nothing but https, or http on a loopback address, whatever the configuration says.
    guard url.isSecure || url.origin.isLoopback else {
      throw LoginFailure("its authorization endpoint \(url.shown) is neither https nor a loopback address")
    }
    return url
  }

  private func challenge(_ verifier: CodeVerifier) throws(LoginFailure) -> String {
    do throws(CryptoFailure) {
      return try verifier.challenge()
    } catch {
      throw LoginFailure("\(error)")
    }
  }

  private func client(
    _ record: DiscoveryRecord, _ entry: StoreEntry?, _ scope: ScopeList, isolation: isolated (any Actor)?
  ) async throws(LoginFailure) -> StoredClient {
    switch ClientIdentity(profile, record, entry, scope: scope, now: EpochSeconds.now) {
    case .known(let client): return client
    case .impossible(let reason): throw LoginFailure(reason)
    case .register(let text):
      let rule = profile.addressRule
      guard let endpoint = HTTPURL(text), rule.problem(with: endpoint) == nil else {
        throw LoginFailure("its registration endpoint is no URL that may be asked")
      }
      let registration = ClientRegistration(
        clientName: profile.clientName, redirectURI: profile.redirectURI, scope: scope,
        supportedMethods: record.tokenEndpointAuthMethodsSupported)
      let answer: HTTPAnswer
      do throws(HTTPFailure) {
        answer = try await client.fetch(registration.request(to: endpoint, rule), isolation: isolation)
      } catch {
        throw LoginFailure("registering a client failed: \(endpoint.shown): \(error.detail)")
      }
      guard answer.head.isSuccess else {
        throw LoginFailure("registering a client failed: \(TokenFailure(answer.head, body: answer.body, at: endpoint))")
      }
      do throws(ClientRegistration.Problem) {
        return try registration.client(answer.body)
      } catch {
        throw LoginFailure("registering a client failed: \(endpoint.shown) \(error.text)")
      }
    }
  }
}
