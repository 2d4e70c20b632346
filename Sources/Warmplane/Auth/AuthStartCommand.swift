import HTTPClient
import OAuth
import Protocol

/// `auth start`: begins a login that somebody finishes with `auth exchange`.
enum AuthStartCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let files = try AuthFiles(arguments)
    let server = try AuthServer.find(arguments.operands[0], in: files)
    let entry = try files.snapshot().entry(server.key)
    let network = try AuthNetwork(server, files)
    let isForced = arguments.has(.force)
    let login = try CommandLoop.run { (on: isolated CommandLoop) throws(CommandFailure) -> PreparedLogin in
      let client = network.client(on)
      defer { client.close() }
      return try await PreparedLogin.make(on, client, network, stored: entry, isForced: isForced)
    }
    try login.save(files, server)
    return AuthPayload.printed(files, server) { writer in
      writer.member("authorizationUrl", login.attempt.authorizationURL.description)
      writer.member("redirectUri", login.attempt.pending.redirectURI)
      writer.member("state", login.attempt.state)
    }
  }
}
