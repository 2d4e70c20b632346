/// How a client proves to the token endpoint who it is (RFC 6749 section 2.3, RFC 7523 section 2.2).
package enum ClientAuthentication: Sendable, Equatable {
  /// A public client: its id only.
  case none
  case basic(secret: String)
  case post(secret: String)
  /// A signed assertion; see `ClientAssertion`.
  case assertion(String)

  /// For a client with `client`'s secret at a server that lists `supported` methods: as it was registered, else basic if
  /// that is listed, else post, also when nothing is listed (contract §7.6).
  package init(_ client: StoredClient, supported: [String]?) {
    guard let secret = client.clientSecret, !secret.isEmpty else {
      self = .none
      return
    }
    switch client.tokenEndpointAuthMethod {
    case "none": self = .none
    case "client_secret_basic": self = .basic(secret: secret)
    case "client_secret_post": self = .post(secret: secret)
    default:
      let basic = supported?.contains("client_secret_basic") ?? false
      self = basic ? .basic(secret: secret) : .post(secret: secret)
    }
  }
}
