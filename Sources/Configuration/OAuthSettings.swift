package import Protocol

/// `auth` of type `oauth`. Everything is optional in the file; nil = discovered or defaulted by the OAuth code.
package struct OAuthSettings: Sendable, Equatable {
  /// JWS algorithms of client assertions (RFC 7518 section 3.1, RFC 8037 section 3.1).
  package static let signingAlgorithms = ["ES256", "EdDSA", "PS256", "RS256"]

  /// How tokens are got: by a person's login, or by the client for itself.
  package var grant = OAuthLaunch.Grant.authorizationCode
  package var clientID: String?
  package var clientName = "warmplane"
  package var clientSecret: ServerAuth.Secret?
  /// PEM file of the key that signs client assertions instead of a secret, as written; `client_credentials` only.
  package var privateKeyFile: String?
  /// One of `signingAlgorithms`; nil: the one that fits the key.
  package var signingAlgorithm: String?
  /// The only authorization server that may see the client's credentials.
  package var issuer: String?
  /// Where our client metadata document is published (https).
  package var clientMetadataURL: String?
  package var redirectURI = "http://127.0.0.1:8788/callback"
  /// Space separated.
  package var scope: String?
  /// Key in the credential store; the server id by default.
  package var tokenStoreKey: String
  package var authorizationServer: String?
  package var resourceMetadataURL: String?
  package var authorizationEndpoint: String?
  package var tokenEndpoint: String?
  package var registrationEndpoint: String?
  /// nil = not given.
  package var codeChallengeMethodsSupported: [String]?
  /// Metadata may lead to loopback addresses although the server is none.
  package var allowsLoopback = false

  package init(tokenStoreKey: String) {
    self.tokenStoreKey = tokenStoreKey
  }
}
