import Configuration
import HTTPClient
import OAuth
import Protocol

/// `auth login`: a whole login, with a browser.
enum AuthLoginCommand {
  /// How long somebody may take in the browser, in seconds, if nothing else is said.
  private static let patience: Int64 = 300
  private static let patienceRange: ClosedRange<Int64> = 1...3600

  private struct Outcome: Sendable {
    let browserOpened: Bool
    let status: AuthenticationStatus
  }

  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let seconds = arguments.number(.loginTimeout) ?? patience
    guard patienceRange.contains(seconds) else {
      throw CommandFailure(
        "--timeout must be \(patienceRange.lowerBound) to \(patienceRange.upperBound) seconds, not \(seconds)")
    }
    let files = try AuthFiles(arguments)
    let server = try AuthServer.find(arguments.operands[0], in: files)
    let entry = try files.snapshot().entry(server.key)
    let network = try AuthNetwork(server, files)
    guard let target = CallbackTarget(server.settings.redirectURI) else {
      throw CommandFailure(
        "a login cannot wait at the redirectUri of server \"\(server.id.onOneLine)\"",
        causes: ["it must begin with http://127.0.0.1 or http://localhost; otherwise use auth start and auth exchange"])
    }
    let (isForced, wantsBrowser) = (arguments.has(.force), !arguments.has(.noBrowser))
    let result = try CommandLoop.run { (on: isolated CommandLoop) throws(CommandFailure) -> Outcome in
      let client = network.client(on)
      defer { client.close() }
      let login = try await PreparedLogin.make(on, client, network, stored: entry, isForced: isForced)
      let wait = BrowserWait(
        on, login.attempt, target, patience: .seconds(seconds), withholding: files.configuration.secretVariables)
      try wait.listen()
      try await on.blocking { () throws(CommandFailure) in try login.save(files, server) }
      return try await finish(login, wait, on, client, network, files, wantsBrowser: wantsBrowser)
    }
    return AuthPayload.printed(files, server) { writer in
      writer.member("browserOpened", result.browserOpened)
      writer.member("authStatus", result.status.rawValue)
    }
  }

  private static func finish(
    _ login: PreparedLogin, _ wait: BrowserWait, _ on: isolated CommandLoop, _ client: HTTPClient,
    _ network: AuthNetwork, _ files: AuthFiles, wantsBrowser: Bool
  ) async throws(CommandFailure) -> Outcome {
    let attempt = login.attempt
    do throws(CommandFailure) {
      let code = try await wait.code(on, opensBrowser: wantsBrowser)
      let exchange = TokenExchange(
        network: network, record: login.record, client: attempt.client, pending: attempt.pending)
      let tokens = try await exchange.tokens(on, client, code: code, verifier: attempt.verifier)
      let status = try await on.blocking { () throws(CommandFailure) in
        try exchange.save(tokens, of: attempt.state, files, network.server)
      }
      return Outcome(browserOpened: wait.browserOpened, status: status)
    } catch {
      // Whoever is still in front of the page can finish by hand; every other end is final.
      if !wait.isTimedOut {
        _ = try? await on.blocking { () throws(CommandFailure) in
          try files.change(network.server) { entry in
            if entry.oauthState == attempt.state { entry.forgetPendingLogin() }
          }
        }
      }
      throw error
    }
  }
}
