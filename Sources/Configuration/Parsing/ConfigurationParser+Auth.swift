import Protocol

/// `auth` of an HTTP server.
extension ConfigurationParser {
  /// By the value of `type`. The documented schema is checked against this.
  static let authKeys = [
    "basic": ["password", "passwordEnv", "type", "username"],
    "bearer": ["token", "tokenEnv", "type"],
    "oauth": [
      "allowLoopback", "authorizationEndpoint", "authorizationServer", "clientId", "clientMetadataUrl", "clientName",
      "clientSecret", "clientSecretEnv", "codeChallengeMethodsSupported", "grant", "issuer", "privateKeyFile",
      "redirectUri", "registrationEndpoint", "resourceMetadataUrl", "scope", "signingAlg", "tokenEndpoint",
      "tokenStoreKey", "type",
    ],
  ]

  /// nil if there is none, or none that can be used.
  mutating func auth(_ server: ConfigurationObject, server id: String) -> ServerAuth? {
    guard let node = server.given("auth"), let object = object(node) else { return nil }
    guard let typeNode = object.given("type") else {
      problems.add(.error, "auth has no type; it is \"bearer\", \"basic\" or \"oauth\"", at: node)
      return nil
    }
    guard let type = string(typeNode) else { return nil }
    guard let known = Self.authKeys[type] else {
      problems.add(
        .error, "unknown auth type \(type.quoted); it is \"bearer\", \"basic\" or \"oauth\"", at: typeNode)
      return nil
    }
    reportUnknownKeys(of: object, known: known, place: " for auth type \"\(type)\"")
    switch type {
    case "bearer":
      return secret(object, "token", "tokenEnv", of: type).map { .bearer(token: $0) }
    case "basic":
      let username = string(object, "username")
      if username?.isBlank ?? true, username != nil || object.given("username") == nil {
        problems.add(.error, "auth type \"basic\" needs a username that is not blank", at: object["username"] ?? node)
      }
      let password = secret(object, "password", "passwordEnv", of: type)
      guard let username, let password else { return nil }
      return .basic(username: username, password: password)
    default:
      return .oauth(oauth(object, server: id))
    }
  }

  /// A direct secret counts when it is not empty, a variable name when it is not blank. Exactly one must count.
  private mutating func secret(
    _ object: ConfigurationObject, _ direct: String, _ variable: String, of type: String
  ) -> ServerAuth.Secret? {
    guard let (text, name) = secretParts(object, direct, variable) else { return nil }
    switch (text, name) {
    case (let text?, nil):
      return .text(text)
    case (nil, let name?):
      return .variable(name)
    case (nil, nil):
      problems.add(
        .error, "auth type \"\(type)\" needs \(direct) or \(variable); configure exactly one", at: object.node)
    case (_?, _?):
      problems.add(
        .error, "auth type \"\(type)\" has both \(direct) and \(variable); configure exactly one", at: object.node)
    }
    return nil
  }

  /// nil if one of the members has the wrong type, which is reported and makes counting them pointless.
  mutating func secretParts(
    _ object: ConfigurationObject, _ direct: String, _ variable: String
  ) -> (text: String?, name: String?)? {
    let text = string(object, direct)
    let name = string(object, variable)
    guard (object.given(direct) == nil) == (text == nil), (object.given(variable) == nil) == (name == nil) else {
      return nil
    }
    return (text.flatMap { $0.isEmpty ? nil : $0 }, name.flatMap { $0.isBlank ? nil : $0 })
  }
}
