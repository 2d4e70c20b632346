import Configuration
import OAuth
import Protocol

/// What an `auth` command prints: pretty JSON with the same first members for all of them (contract §7.4).
enum AuthPayload {
  /// Prints the payload of a command about one server; `members` adds what only that command says.
  static func printed(
    _ files: AuthFiles, _ server: AuthServer, _ members: (inout JSONWriter) -> Void
  ) -> ExitCode {
    printed(files) { writer in
      writer.member("server", server.id)
      writer.member("tokenStoreKey", server.key)
      members(&writer)
    }
  }

  /// Prints the payload of a command about no particular server.
  static func printed(_ files: AuthFiles, _ members: (inout JSONWriter) -> Void) -> ExitCode {
    var writer = JSONWriter(reserving: 1024)
    writer.beginObject()
    writer.member("ok", true)
    writer.member("config", files.configuration.path)
    writer.member("authStorePath", files.store.path)
    members(&writer)
    writer.endObject()
    return Console.output(
      AnswerText.bytes(JSONSlice(assembled: writer), form: .pretty, style: .standardOutput))
  }
}

extension DiscoveryRecord {
  /// The members of the contract, null where they are not known; the additive ones only where they are.
  func writePayload(to writer: inout JSONWriter) {
    func texts(_ name: String, _ value: [String]?) {
      if let value { writer.member(name, value) } else { writer.nullMember(name) }
    }
    writer.beginObject()
    writer.member("resourceMetadataUrl", resourceMetadataURL)
    writer.member("authorizationServer", authorizationServer)
    writer.member("authorizationMetadataUrl", authorizationMetadataURL)
    writer.member("authorizationEndpoint", authorizationEndpoint)
    writer.member("tokenEndpoint", tokenEndpoint)
    writer.member("registrationEndpoint", registrationEndpoint)
    texts("scopesSupported", scopesSupported)
    texts("codeChallengeMethodsSupported", codeChallengeMethodsSupported)
    if let methods = tokenEndpointAuthMethodsSupported { writer.member("tokenEndpointAuthMethodsSupported", methods) }
    if let isSupported = authorizationResponseIssParameterSupported {
      writer.member("authorizationResponseIssParameterSupported", isSupported)
    }
    if let isSupported = clientIDMetadataDocumentSupported {
      writer.member("clientIdMetadataDocumentSupported", isSupported)
    }
    writer.endObject()
  }
}
