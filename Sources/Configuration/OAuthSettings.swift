/// `auth` of type `oauth`. Everything is optional in the file; nil = discovered or defaulted by the OAuth code.
package struct OAuthSettings: Sendable, Equatable {
  package var clientID: String?
  package var clientName = "warmplane"
  package var clientSecret: ServerAuth.Secret?
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

  package init(tokenStoreKey: String) {
    self.tokenStoreKey = tokenStoreKey
  }
}
