package import Configuration
package import Protocol

/// What the configuration says about OAuth for one server, with templates and secrets resolved: all that discovery, login
/// and refresh need to know beside the store. It may hold a secret: never logged.
package struct OAuthProfile: Sendable, Equatable {
  /// The server id, for messages.
  package let server: String
  /// The server's expanded `url` as it is written: what `resource` and `serverUrl` are.
  package let serverURL: String
  /// `serverURL`, parsed.
  package let url: HTTPURL
  package var grant = OAuthLaunch.Grant.authorizationCode
  package var clientID: String?
  package var clientName = "warmplane"
  package var clientSecret: String?
  package var clientMetadataURL: String?
  package var redirectURI = "http://127.0.0.1:8788/callback"
  /// Space separated.
  package var scope: String?
  /// Absolute.
  package var privateKeyFile: String?
  package var signingAlgorithm: JWSAlgorithm?
  /// The only authorization server that may see the client's credentials.
  package var issuer: String?
  package var authorizationServer: String?
  package var resourceMetadataURL: String?
  package var authorizationEndpoint: String?
  package var tokenEndpoint: String?
  package var registrationEndpoint: String?
  package var codeChallengeMethodsSupported: [String]?
  /// Whether metadata may lead to loopback addresses although the server is none.
  package var allowsLoopback = false

  /// Nil when `serverURL` is no URL that can be asked.
  package init?(server: String, serverURL: String) {
    guard let url = HTTPURL(serverURL) else { return nil }
    self.server = server
    self.serverURL = serverURL
    self.url = url
  }

  /// What a worker was told.
  package init?(server: String, serverURL: String, launch: OAuthLaunch) {
    self.init(server: server, serverURL: serverURL)
    grant = launch.grant
    clientID = launch.clientID
    clientSecret = launch.clientSecret
    privateKeyFile = launch.privateKeyFile
    signingAlgorithm = launch.signingAlgorithm.flatMap { JWSAlgorithm(rawValue: $0) }
    issuer = launch.issuer
    scope = launch.scope
    authorizationServer = launch.authorizationServer
    resourceMetadataURL = launch.resourceMetadataURL
    tokenEndpoint = launch.tokenEndpoint
    allowsLoopback = launch.allowsLoopback
  }

  /// What a command reads from the configuration. `clientSecret` and `privateKeyFile` come resolved.
  package init?(
    server: String, serverURL: String, settings: OAuthSettings, clientSecret: String?, privateKeyFile: String?
  ) {
    self.init(
      server: server, serverURL: serverURL,
      launch: settings.launch(storePath: "", clientSecret: clientSecret, privateKeyFile: privateKeyFile))
    clientName = settings.clientName
    clientMetadataURL = settings.clientMetadataURL
    redirectURI = settings.redirectURI
    authorizationEndpoint = settings.authorizationEndpoint
    registrationEndpoint = settings.registrationEndpoint
    codeChallengeMethodsSupported = settings.codeChallengeMethodsSupported
  }

  /// `resource` of every request (RFC 8707): the server's URL without a fragment, which a resource must not have.
  package var resource: String { String(serverURL.prefix { $0 != "#" }) }

  /// The record that the configuration describes for the case that discovery fails (contract §7.4); nil when it says
  /// nothing.
  package var fallbackRecord: DiscoveryRecord? {
    let texts = [
      authorizationServer, resourceMetadataURL, authorizationEndpoint, tokenEndpoint, registrationEndpoint,
    ]
    guard codeChallengeMethodsSupported != nil || texts.contains(where: { $0 != nil }) else { return nil }
    var record = DiscoveryRecord()
    record.resourceMetadataURL = resourceMetadataURL ?? serverURL
    record.authorizationServer = authorizationServer
    record.authorizationEndpoint = authorizationEndpoint
    record.tokenEndpoint = tokenEndpoint
    record.registrationEndpoint = registrationEndpoint
    record.scopesSupported = []
    record.codeChallengeMethodsSupported = codeChallengeMethodsSupported
    return record
  }

  /// Where requests for this server may go.
  package var addressRule: AddressRule {
    let texts = [
      authorizationServer, issuer, resourceMetadataURL, authorizationEndpoint, tokenEndpoint, registrationEndpoint,
    ]
    let named = texts.compactMap { $0.flatMap { HTTPURL($0)?.origin } }
    return AddressRule(
      named: Set(named + [url.origin]), allowsLoopback: allowsLoopback || url.origin.isLoopback)
  }
}
