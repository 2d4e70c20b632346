import Protocol

extension StoreEntry {
  /// The entry's JSON text, made out of `text`, which reads as `old` (both nil: a new entry).
  func text(replacing old: StoreEntry?, in text: JSONSlice?) -> [UInt8] {
    var edits = ObjectEdits()
    func nested<Value: Equatable>(
      _ name: String, _ old: Value?, _ new: Value?, _ nestedEdits: (Value?, Value, inout ObjectEdits) -> Void
    ) {
      guard let new else { return edits.set(name, to: nil) }
      if new == old { return }
      var inner = ObjectEdits()
      nestedEdits(old, new, &inner)
      edits.set(name, to: inner.applied(to: text?.member(name)))
    }
    nested("tokens", old?.tokens, tokens) { $1.write(replacing: $0, to: &$2) }
    nested("clientInfo", old?.clientInfo, clientInfo) { $1.write(replacing: $0, to: &$2) }
    edits.set("codeVerifier", from: old?.codeVerifier, to: codeVerifier)
    edits.set("oauthState", from: old?.oauthState, to: oauthState)
    nested("pendingLogin", old?.pendingLogin, pendingLogin) { $1.write(replacing: $0, to: &$2) }
    edits.set("serverUrl", from: old?.serverURL, to: serverURL)
    nested("discovery", old?.discovery, discovery) { $1.write(replacing: $0, to: &$2) }
    edits.set("challengedScope", from: old?.challengedScope, to: challengedScope)
    return edits.applied(to: text)
  }
}

extension StoredTokens {
  fileprivate func write(replacing old: StoredTokens?, to edits: inout ObjectEdits) {
    edits.set("accessToken", from: old?.accessToken, to: accessToken)
    edits.set("refreshToken", from: old?.refreshToken, to: refreshToken)
    edits.set("expiresAt", from: old?.expiresAt, to: expiresAt)
    edits.set("scope", from: old?.scope, to: scope)
    edits.set("dpopKey", from: old?.dpopKey, to: dpopKey)
  }
}

extension StoredClient {
  fileprivate func write(replacing old: StoredClient?, to edits: inout ObjectEdits) {
    edits.set("clientId", from: old?.clientID, to: clientID)
    edits.set("clientSecret", from: old?.clientSecret, to: clientSecret)
    edits.set("clientIdIssuedAt", from: old?.issuedAt, to: issuedAt)
    edits.set("clientSecretExpiresAt", from: old?.secretExpiresAt, to: secretExpiresAt)
    edits.set("tokenEndpointAuthMethod", from: old?.tokenEndpointAuthMethod, to: tokenEndpointAuthMethod)
    edits.set("scope", from: old?.registeredScope, to: registeredScope)
    edits.set("redirectUri", from: old?.registeredRedirectURI, to: registeredRedirectURI)
  }
}

extension PendingLogin {
  fileprivate func write(replacing old: PendingLogin?, to edits: inout ObjectEdits) {
    edits.set("redirectUri", from: old?.redirectURI, to: redirectURI)
    edits.set("scope", from: old?.scope, to: scope)
    edits.set("startedAt", from: old?.startedAt, to: startedAt)
    guard let client else { return edits.set("clientInfo", to: nil) }
    if client == old?.client { return }
    var members = ObjectEdits()
    client.write(replacing: nil, to: &members)
    edits.set("clientInfo", to: members.applied(to: nil))
  }
}

extension DiscoveryRecord {
  fileprivate func write(replacing old: DiscoveryRecord?, to edits: inout ObjectEdits) {
    edits.set("resourceMetadataUrl", from: old?.resourceMetadataURL, to: resourceMetadataURL)
    edits.set("authorizationServer", from: old?.authorizationServer, to: authorizationServer)
    edits.set("authorizationMetadataUrl", from: old?.authorizationMetadataURL, to: authorizationMetadataURL)
    edits.set("authorizationEndpoint", from: old?.authorizationEndpoint, to: authorizationEndpoint)
    edits.set("tokenEndpoint", from: old?.tokenEndpoint, to: tokenEndpoint)
    edits.set("registrationEndpoint", from: old?.registrationEndpoint, to: registrationEndpoint)
    edits.set("scopesSupported", from: old?.scopesSupported, to: scopesSupported)
    edits.set(
      "codeChallengeMethodsSupported", from: old?.codeChallengeMethodsSupported, to: codeChallengeMethodsSupported)
    edits.set(
      "tokenEndpointAuthMethodsSupported", from: old?.tokenEndpointAuthMethodsSupported,
      to: tokenEndpointAuthMethodsSupported)
    edits.set(
      "authorizationResponseIssParameterSupported", from: old?.authorizationResponseIssParameterSupported,
      to: authorizationResponseIssParameterSupported)
    edits.set(
      "clientIdMetadataDocumentSupported", from: old?.clientIDMetadataDocumentSupported,
      to: clientIDMetadataDocumentSupported)
    edits.set("resourceScopesSupported", from: old?.resourceScopesSupported, to: resourceScopesSupported)
    edits.set("initialScope", from: old?.initialScope, to: initialScope)
    edits.set("offlineAccessSupported", from: old?.offlineAccessSupported, to: offlineAccessSupported)
    edits.set(
      "dpopBoundAccessTokensRequired", from: old?.dpopBoundAccessTokensRequired, to: dpopBoundAccessTokensRequired)
    edits.set("discoveredAt", from: old?.discoveredAt, to: discoveredAt)
  }
}
