import Configuration
import OAuth
import Protocol

/// `auth import`: keeps tokens that were obtained elsewhere.
enum AuthImportCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let files = try AuthFiles(arguments)
    let server = try AuthServer.find(arguments.operands[0], in: files)
    // Before standard input is read: who pipes a secret should not do so in vain.
    _ = try files.snapshot()
    var secrets = SecretFlags(arguments)
    guard let accessToken = try secrets.value(.accessToken, .accessTokenVariable) else {
      throw CommandFailure("an access token is needed: --access-token or --access-token-env")
    }
    let tokens = StoredTokens(
      accessToken: accessToken, refreshToken: try secrets.value(.refreshToken, .refreshTokenVariable),
      expiresAt: arguments.number(.expiresAt), scope: ScopeList(arguments.value(of: .scope)).text)
    let client = try client(server, arguments, &secrets)
    let status = try files.change(server) { entry in
      entry.tokens = tokens
      if let client { entry.clientInfo = client }
      return AuthenticationStatus(of: entry, serverURL: server.url, now: EpochSeconds.now)
    }
    return AuthPayload.printed(files, server) { writer in writer.member("authStatus", status.rawValue) }
  }

  /// The client that the tokens were issued to; nil when nobody says.
  private static func client(
    _ server: AuthServer, _ arguments: ParsedArguments, _ secrets: inout SecretFlags
  ) throws(CommandFailure) -> StoredClient? {
    let given = arguments.value(of: .clientID).flatMap { $0.isBlankText ? nil : $0 }
    let secret = try secrets.value(.clientSecret, .clientSecretVariable)
    guard let id = given ?? server.settings.clientID else {
      if secret != nil {
        throw CommandFailure("a client secret needs its client: --client-id, or clientId in the config file")
      }
      return nil
    }
    if let secret { return StoredClient(clientID: id, clientSecret: secret) }
    return StoredClient(clientID: id, clientSecret: try server.clientSecret())
  }
}
