package import Protocol

/// What the browser is sent to the authorization server with (RFC 6749 section 4.1.1, RFC 7636, RFC 8707). Pure.
package struct AuthorizationRequest: Sendable, Equatable {
  package var clientID: String
  package var redirectURI: String
  /// `code_challenge`; the method is always S256.
  package var challenge: String
  package var state: String
  package var scope: ScopeList
  package var resource: String

  package init(
    clientID: String, redirectURI: String, challenge: String, state: String, scope: ScopeList, resource: String
  ) {
    self.clientID = clientID
    self.redirectURI = redirectURI
    self.challenge = challenge
    self.state = state
    self.scope = scope
    self.resource = resource
  }

  /// The URL to open, or nil when it would be longer than URLs may be. The endpoint's own query stays in front.
  package func url(at endpoint: HTTPURL) -> HTTPURL? {
    var parameters: [FormEncoding.Parameter] = [
      .init("response_type", "code"), .init("client_id", clientID), .init("redirect_uri", redirectURI),
      .init("code_challenge", challenge), .init("code_challenge_method", "S256"), .init("state", state),
    ]
    if let scope = scope.text { parameters.append(.init("scope", scope)) }
    parameters.append(.init("resource", resource))
    // OpenID Connect Core section 11: a server may ignore the wish for a refresh token otherwise.
    if scope.contains("offline_access") { parameters.append(.init("prompt", "consent")) }
    let own = endpoint.query.flatMap { $0.isEmpty ? nil : "\($0)&" } ?? ""
    let base = endpoint.description.prefix { $0 != "?" }
    return HTTPURL("\(base)?\(own)\(FormEncoding.encode(parameters))")
  }
}
