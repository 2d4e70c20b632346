extension StoreEntry: StoreObject {
  static let blank = StoreEntry()
  static let members: [StoreMember<Self>] = [
    .object("tokens", \.tokens), .object("clientInfo", \.clientInfo), .text("codeVerifier", \.codeVerifier),
    .text("oauthState", \.oauthState),
    // One that does not say where the code goes is none: then the configuration does.
    .object("pendingLogin", \.pendingLogin, required: "redirectUri"), .text("serverUrl", \.serverURL),
    .object("discovery", \.discovery), .text("challengedScope", \.challengedScope), .object("stepUps", \.stepUps),
    .object("unproven", \.unproven),
  ]
}

extension StoredTokens: StoreObject {
  static let blank = StoredTokens(accessToken: "")
  static let members: [StoreMember<Self>] = [
    .text("accessToken", \.accessToken), .text("refreshToken", \.refreshToken), .seconds("expiresAt", \.expiresAt),
    .text("scope", \.scope), .text("dpopKey", \.dpopKey),
  ]
}

extension StoredClient: StoreObject {
  static let blank = StoredClient(clientID: "")
  static let members: [StoreMember<Self>] = [
    .text("clientId", \.clientID), .text("clientSecret", \.clientSecret),
    .seconds("clientIdIssuedAt", \.issuedAt, mayBeNegative: true),
    .seconds("clientSecretExpiresAt", \.secretExpiresAt, mayBeNegative: true),
    .text("tokenEndpointAuthMethod", \.tokenEndpointAuthMethod), .text("scope", \.registeredScope),
    .text("redirectUri", \.registeredRedirectURI),
  ]
}

extension PendingLogin: StoreObject {
  static let blank = PendingLogin(redirectURI: "", scope: nil, startedAt: 0)
  static let members: [StoreMember<Self>] = [
    .text("redirectUri", \.redirectURI), .text("scope", \.scope), .number("startedAt", \.startedAt),
    .object("clientInfo", \.client),
  ]
}

extension StepUps: StoreObject {
  static let blank = StepUps(count: 0, configuredScope: nil)
  static let members: [StoreMember<Self>] = [
    .number("count", \.count), .text("configuredScope", \.configuredScope),
  ]
}

extension UnprovenToken: StoreObject {
  static let blank = UnprovenToken(hash: "", since: 0)
  static let members: [StoreMember<Self>] = [.text("hash", \.hash), .number("since", \.since)]
}

extension DiscoveryRecord: StoreObject {
  static let blank = DiscoveryRecord()
  static let members: [StoreMember<Self>] = [
    .text("resourceMetadataUrl", \.resourceMetadataURL), .text("authorizationServer", \.authorizationServer),
    .text("authorizationMetadataUrl", \.authorizationMetadataURL),
    .text("authorizationEndpoint", \.authorizationEndpoint), .text("tokenEndpoint", \.tokenEndpoint),
    .text("registrationEndpoint", \.registrationEndpoint), .texts("scopesSupported", \.scopesSupported),
    .texts("codeChallengeMethodsSupported", \.codeChallengeMethodsSupported),
    .texts("tokenEndpointAuthMethodsSupported", \.tokenEndpointAuthMethodsSupported),
    .flag("authorizationResponseIssParameterSupported", \.authorizationResponseIssParameterSupported),
    .flag("clientIdMetadataDocumentSupported", \.clientIDMetadataDocumentSupported),
    .texts("resourceScopesSupported", \.resourceScopesSupported), .text("initialScope", \.initialScope),
    .flag("offlineAccessSupported", \.offlineAccessSupported),
    .flag("dpopBoundAccessTokensRequired", \.dpopBoundAccessTokensRequired),
    .seconds("discoveredAt", \.discoveredAt),
  ]
}
