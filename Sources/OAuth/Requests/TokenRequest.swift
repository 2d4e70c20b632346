package import HTTPClient
package import Protocol

/// A request to a token endpoint (RFC 6749 sections 4.1.3, 4.4.2 and 6). Pure.
package struct TokenRequest: Sendable, Equatable {
  package enum Grant: Sendable, Equatable {
    case code(String, redirectURI: String, verifier: CodeVerifier)
    case refresh(token: String, scope: String?)
    case clientCredentials(scope: String?)
  }

  package var grant: Grant
  package var clientID: String
  package var authentication: ClientAuthentication
  /// RFC 8707: the same value as in the authorization request.
  package var resource: String

  package init(_ grant: Grant, clientID: String, authentication: ClientAuthentication, resource: String) {
    self.grant = grant
    self.clientID = clientID
    self.authentication = authentication
    self.resource = resource
  }

  /// The form, in the contract's order (§7.6).
  package var parameters: [FormEncoding.Parameter] {
    var list: [FormEncoding.Parameter] = []
    func add(_ name: String, _ value: String?) {
      if let value { list.append(.init(name, value)) }
    }
    switch grant {
    case .code(let code, let redirectURI, let verifier):
      add("grant_type", "authorization_code")
      add("code", code)
      add("redirect_uri", redirectURI)
      add("code_verifier", verifier.text)
      add("client_id", clientID)
    case .refresh(let token, let scope):
      add("grant_type", "refresh_token")
      add("refresh_token", token)
      add("client_id", clientID)
      add("scope", scope)
    case .clientCredentials(let scope):
      add("grant_type", "client_credentials")
      if case .post = authentication { add("client_id", clientID) }
      add("scope", scope)
    }
    add("resource", resource)
    switch authentication {
    case .none, .basic: break
    case .post(let secret): add("client_secret", secret)
    case .assertion(let text):
      add("client_assertion_type", ClientAssertion.type)
      add("client_assertion", text)
    }
    return list
  }

  /// The request to `endpoint`. Redirects are refused: what it carries must not reach anybody else.
  package func request(to endpoint: HTTPURL, proof: String?, _ rule: AddressRule) -> HTTPRequest {
    var fields = [
      HTTPField("Content-Type", "application/x-www-form-urlencoded"), HTTPField("Accept", "application/json"),
    ]
    if case .basic(let secret) = authentication {
      let pair = "\(FormEncoding.encode(clientID)):\(FormEncoding.encode(secret))"
      fields.append(HTTPField("Authorization", "Basic \(Base64.encode(pair.utf8))"))
    }
    if let proof { fields.append(HTTPField("DPoP", proof)) }
    var request = HTTPRequest(
      "POST", endpoint, fields: fields, body: Array(FormEncoding.encode(parameters).utf8))
    request.redirects = .refuse
    request.addresses = rule.addresses(for: endpoint)
    request.totalTimeout = OAuthLimits.requestTime
    request.bodyLimit = OAuthLimits.bodyBytes
    return request
  }
}
