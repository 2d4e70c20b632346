import Protocol

extension StoreEntry {
  /// Reads one entry; members that we do not know are left to whoever wrote them.
  init(_ members: StoreMemberReader) throws(StoreFormatError) {
    if let object = try members.object("tokens") { tokens = try StoredTokens(object) }
    if let object = try members.object("clientInfo") { clientInfo = try StoredClient(object) }
    codeVerifier = try members.text("codeVerifier")
    oauthState = try members.text("oauthState")
    if let object = try members.object("pendingLogin") { pendingLogin = try PendingLogin(object) }
    serverURL = try members.text("serverUrl")
    if let object = try members.object("discovery") { discovery = try DiscoveryRecord(object) }
    challengedScope = try members.text("challengedScope")
  }
}

extension StoredTokens {
  fileprivate init(_ members: StoreMemberReader) throws(StoreFormatError) {
    self.init(
      accessToken: try members.text("accessToken") ?? "", refreshToken: try members.text("refreshToken"),
      expiresAt: try members.seconds("expiresAt"), scope: try members.text("scope"))
    dpopKey = try members.text("dpopKey")
  }
}

extension StoredClient {
  fileprivate init(_ members: StoreMemberReader) throws(StoreFormatError) {
    self.init(
      clientID: try members.text("clientId") ?? "", clientSecret: try members.text("clientSecret"),
      issuedAt: try members.seconds("clientIdIssuedAt", mayBeNegative: true),
      secretExpiresAt: try members.seconds("clientSecretExpiresAt", mayBeNegative: true))
    tokenEndpointAuthMethod = try members.text("tokenEndpointAuthMethod")
    registeredScope = try members.text("scope")
    registeredRedirectURI = try members.text("redirectUri")
  }
}

extension PendingLogin {
  /// nil when it does not say where the code goes: then the configuration does.
  fileprivate init?(_ members: StoreMemberReader) throws(StoreFormatError) {
    guard let redirectURI = try members.text("redirectUri") else { return nil }
    self.init(
      redirectURI: redirectURI, scope: try members.text("scope"), startedAt: try members.seconds("startedAt") ?? 0)
    if let object = try members.object("clientInfo") { client = try StoredClient(object) }
  }
}

extension DiscoveryRecord {
  fileprivate init(_ members: StoreMemberReader) throws(StoreFormatError) {
    self.init()
    resourceMetadataURL = try members.text("resourceMetadataUrl")
    authorizationServer = try members.text("authorizationServer")
    authorizationMetadataURL = try members.text("authorizationMetadataUrl")
    authorizationEndpoint = try members.text("authorizationEndpoint")
    tokenEndpoint = try members.text("tokenEndpoint")
    registrationEndpoint = try members.text("registrationEndpoint")
    scopesSupported = try members.texts("scopesSupported")
    codeChallengeMethodsSupported = try members.texts("codeChallengeMethodsSupported")
    tokenEndpointAuthMethodsSupported = try members.texts("tokenEndpointAuthMethodsSupported")
    authorizationResponseIssParameterSupported = try members.flag("authorizationResponseIssParameterSupported")
    clientIDMetadataDocumentSupported = try members.flag("clientIdMetadataDocumentSupported")
    resourceScopesSupported = try members.texts("resourceScopesSupported")
    initialScope = try members.text("initialScope")
    offlineAccessSupported = try members.flag("offlineAccessSupported")
    dpopBoundAccessTokensRequired = try members.flag("dpopBoundAccessTokensRequired")
    discoveredAt = try members.seconds("discoveredAt")
  }
}
