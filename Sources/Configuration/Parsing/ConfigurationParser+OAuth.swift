import Protocol

/// `auth` of type `oauth`.
extension ConfigurationParser {
  mutating func oauth(_ object: ConfigurationObject, server id: String) -> OAuthSettings {
    var settings = OAuthSettings(tokenStoreKey: id)
    settings.clientID = filled(object, "clientId")
    settings.clientName = filled(object, "clientName") ?? settings.clientName
    let secret = secretParts(object, "clientSecret", "clientSecretEnv")
    switch secret {
    case (let text?, nil)?: settings.clientSecret = .text(text)
    case (nil, let name?)?: settings.clientSecret = .variable(name)
    case (_?, _?)?:
      problems.add(.error, "auth has both clientSecret and clientSecretEnv; configure at most one", at: object.node)
    default: break
    }
    settings.privateKeyFile = filled(object, "privateKeyFile")
    settings.signingAlgorithm = signingAlgorithm(object)
    if let grant = grant(object) {
      settings.grant = grant
      checkClient(object, grant, hasSecret: secret.map { $0.text != nil || $0.name != nil })
    }
    settings.issuer = issuer(object)
    settings.clientMetadataURL = clientMetadataURL(object)
    settings.redirectURI = filled(object, "redirectUri") ?? settings.redirectURI
    settings.scope = filled(object, "scope")
    settings.tokenStoreKey = filled(object, "tokenStoreKey") ?? id
    settings.authorizationServer = filled(object, "authorizationServer")
    settings.resourceMetadataURL = filled(object, "resourceMetadataUrl")
    settings.authorizationEndpoint = filled(object, "authorizationEndpoint")
    settings.tokenEndpoint = filled(object, "tokenEndpoint")
    settings.registrationEndpoint = filled(object, "registrationEndpoint")
    settings.codeChallengeMethodsSupported = strings(object, "codeChallengeMethodsSupported")
    for item in object["codeChallengeMethodsSupported"]?.items ?? [] where item.value.string?.isBlank == true {
      problems.add(.error, "codeChallengeMethodsSupported has a blank item", at: item)
    }
    settings.allowsLoopback = bool(object, "allowLoopback") ?? false
    return settings
  }

  /// Nil when it is given and not understood, which is reported: then nothing can be said about what goes with it.
  private mutating func grant(_ object: ConfigurationObject) -> OAuthLaunch.Grant? {
    guard let node = object.given("grant") else { return .authorizationCode }
    guard let text = string(node) else { return nil }
    guard let grant = OAuthLaunch.Grant(rawValue: text) else {
      let known = OAuthLaunch.Grant.allCases.map(\.rawValue.quoted).joined(separator: " or ")
      problems.add(.error, "unknown grant \(text.quoted); it is \(known)", at: node)
      return nil
    }
    return grant
  }

  /// What the client proves itself with must fit the grant. `hasSecret`: nil when that cannot be told.
  private mutating func checkClient(_ object: ConfigurationObject, _ grant: OAuthLaunch.Grant, hasSecret: Bool?) {
    let key = object.given("privateKeyFile")
    if key == nil, let node = object.given("signingAlg") {
      problems.add(.error, "signingAlg has no meaning without privateKeyFile", at: node)
    }
    switch grant {
    case .authorizationCode:
      guard let key else { return }
      problems.add(.error, "privateKeyFile needs grant \"client_credentials\"", at: key)
    case .clientCredentials:
      let name = grant.rawValue.quoted
      if object.given("clientId") == nil { problems.add(.error, "grant \(name) needs clientId", at: object.node) }
      switch (hasSecret, key) {
      case (false?, nil):
        problems.add(
          .error, "grant \(name) needs clientSecret, clientSecretEnv or privateKeyFile; configure exactly one",
          at: object.node)
      case (true?, let key?):
        problems.add(
          .error, "auth has both a client secret and privateKeyFile; grant \(name) takes exactly one", at: key)
      default: break
      }
    }
  }

  private mutating func signingAlgorithm(_ object: ConfigurationObject) -> String? {
    guard let text = string(object, "signingAlg"), let node = object["signingAlg"] else { return nil }
    guard OAuthSettings.signingAlgorithms.contains(text) else {
      let known = OAuthSettings.signingAlgorithms.joined(separator: ", ")
      problems.add(.error, "unknown signingAlg \(text.quoted); it is one of \(known)", at: node)
      return nil
    }
    return text
  }

  /// RFC 8414 section 2: https, no query, no fragment. Compared byte by byte with what a server says of itself.
  private mutating func issuer(_ object: ConfigurationObject) -> String? {
    guard let text = filled(object, "issuer"), let node = object["issuer"] else { return nil }
    guard !text.contains("#"), let url = HTTPURL(text), url.query == nil, url.isSecure || url.origin.isLoopback else {
      problems.add(
        .error, "issuer must be an https URL (http only for a loopback address) without query and fragment", at: node)
      return nil
    }
    return text
  }

  /// The document's URL is the client id, so it has a path (OAuth Client ID Metadata Document, section 3).
  private mutating func clientMetadataURL(_ object: ConfigurationObject) -> String? {
    guard let text = filled(object, "clientMetadataUrl"), let node = object["clientMetadataUrl"] else { return nil }
    let hasPath = text.dropFirst("https://".count).contains("/")
    guard !text.contains("#"), hasPath, HTTPURL(text)?.isSecure == true else {
      problems.add(.error, "clientMetadataUrl must be an https URL with a path and without fragment", at: node)
      return nil
    }
    return text
  }
}
