import HTTPClient
import OAuth
import Protocol

/// `auth exchange`: finishes a login that `auth start` began.
enum AuthExchangeCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let files = try AuthFiles(arguments)
    let server = try AuthServer.find(arguments.operands[0], in: files)
    let entry = try files.snapshot().entry(server.key)
    var secrets = SecretFlags(arguments)
    guard let code = try secrets.value(.code), let state = arguments.value(of: .state) else {
      fatalError("a required flag is missing behind the parser")
    }
    let network = try AuthNetwork(server, files)
    let pending = try Pending(entry, server, state: state, issuer: arguments.value(of: .issuer))
    let client = try client(network, pending.record, entry)
    let exchange = TokenExchange(network: network, record: pending.record, client: client, pending: pending.login)
    let tokens = try CommandLoop.run { (on: isolated CommandLoop) throws(CommandFailure) -> StoredTokens in
      let http = network.client(on)
      defer { http.close() }
      return try await exchange.tokens(on, http, code: code, verifier: pending.verifier)
    }
    let status = try exchange.save(tokens, of: state, files, server)
    return AuthPayload.printed(files, server) { writer in writer.member("authStatus", status.rawValue) }
  }

  /// What the store has of the login that is to be finished.
  private struct Pending {
    let record: DiscoveryRecord
    let verifier: CodeVerifier
    let login: PendingLogin?

    init(_ entry: StoreEntry?, _ server: AuthServer, state: String, issuer: String?) throws(CommandFailure) {
      let name = "server \"\(server.id.onOneLine)\""
      guard let entry, entry.isFor(server.url), let expected = entry.oauthState, let verifier = entry.codeVerifier
      else {
        throw CommandFailure(
          "no login of \(name) is pending; begin one: warmplane auth start \(ShellWord.quoted(server.id))")
      }
      guard state.isEqualInConstantTime(to: expected) else {
        throw CommandFailure(
          "the state is not the one of the pending login of \(name)",
          causes: ["each start makes a new one, and only the last counts"])
      }
      guard let record = entry.discovery, record.tokenEndpoint != nil else {
        throw CommandFailure(
          "no token endpoint of \(name) is known; find it: warmplane auth discover \(ShellWord.quoted(server.id))")
      }
      let expectation = AuthorizationResponse.Expectation(state: expected, record)
      if let issuer {
        if let problem = AuthorizationResponse.issuerProblem([issuer], expectation) {
          throw CommandFailure("the answer does not belong to the pending login of \(name)", causes: [problem])
        }
      } else if expectation.requiresIssuer {
        Console.error(
          "Warning: the authorization server names itself in its answers (iss); give that as --iss, so that it is checked\n"
        )
      }
      self.record = record
      self.verifier = CodeVerifier(stored: verifier)
      login = entry.pendingLogin
    }
  }

  /// The client that the authorization request named.
  private static func client(
    _ network: AuthNetwork, _ record: DiscoveryRecord, _ entry: StoreEntry?
  ) throws(CommandFailure) -> StoredClient {
    var entry = entry
    if let client = entry?.pendingLogin?.client { entry?.clientInfo = client }
    switch ClientIdentity(network.profile, record, entry, now: EpochSeconds.now) {
    case .known(let client): return client
    case .impossible(let reason): throw CommandFailure("the code cannot be exchanged", causes: [reason])
    case .register:
      throw CommandFailure(
        "the client of the pending login is not known any more; begin again: "
          + "warmplane auth start \(ShellWord.quoted(network.server.id))")
    }
  }
}
