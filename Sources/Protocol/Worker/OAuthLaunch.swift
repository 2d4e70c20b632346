/// What a worker needs to get and renew OAuth tokens for its upstream by itself: the entry's `auth` settings with secrets
/// resolved, and where the shared credential store is.
package struct OAuthLaunch: Sendable, Equatable {
  package enum Grant: String, Sendable, CaseIterable {
    case authorizationCode = "authorization_code"
    case clientCredentials = "client_credentials"
  }

  /// Absolute path of the store (`mcp-auth.json`).
  package var storePath: String
  package var storeKey: String
  package var grant = Grant.authorizationCode
  package var clientID: String?
  package var clientSecret: String?
  /// PEM file of the key that signs client assertions (`private_key_jwt`), an absolute path.
  package var privateKeyFile: String?
  /// JWS algorithm of client assertions, for example `ES256`.
  package var signingAlgorithm: String?
  /// The only authorization server that may see the client's credentials; nil: the discovered one.
  package var issuer: String?
  /// Space separated.
  package var scope: String?
  package var authorizationServer: String?
  package var resourceMetadataURL: String?
  package var tokenEndpoint: String?
  /// Whether metadata may lead to loopback addresses although the resource is none.
  package var allowsLoopback = false

  package init(storePath: String, storeKey: String) {
    self.storePath = storePath
    self.storeKey = storeKey
  }

  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("storePath", storePath)
    writer.member("storeKey", storeKey)
    writer.member("grant", grant.rawValue)
    for (name, value) in texts { if let value { writer.member(name, value) } }
    writer.member("allowLoopback", allowsLoopback)
    writer.endObject()
  }

  private var texts: [(String, String?)] {
    [
      ("clientId", clientID), ("clientSecret", clientSecret), ("privateKeyFile", privateKeyFile),
      ("signingAlg", signingAlgorithm), ("issuer", issuer), ("scope", scope),
      ("authorizationServer", authorizationServer), ("resourceMetadataUrl", resourceMetadataURL),
      ("tokenEndpoint", tokenEndpoint),
    ]
  }

  /// Reads what `write` wrote; nil when a required member is missing.
  package init?(_ slice: JSONSlice) {
    guard let path = slice.member("storePath")?.string, let key = slice.member("storeKey")?.string,
      let grant = slice.member("grant")?.string.flatMap({ Grant(rawValue: $0) })
    else { return nil }
    self.init(storePath: path, storeKey: key)
    self.grant = grant
    clientID = slice.member("clientId")?.string
    clientSecret = slice.member("clientSecret")?.string
    privateKeyFile = slice.member("privateKeyFile")?.string
    signingAlgorithm = slice.member("signingAlg")?.string
    issuer = slice.member("issuer")?.string
    scope = slice.member("scope")?.string
    authorizationServer = slice.member("authorizationServer")?.string
    resourceMetadataURL = slice.member("resourceMetadataUrl")?.string
    tokenEndpoint = slice.member("tokenEndpoint")?.string
    allowsLoopback = slice.member("allowLoopback")?.bool ?? false
  }
}
