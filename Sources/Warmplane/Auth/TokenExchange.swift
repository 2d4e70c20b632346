import HTTPClient
import OAuth
import Platform

/// The end of a login: the code for tokens, and the tokens into the store.
struct TokenExchange: Sendable {
  let network: AuthNetwork
  let record: DiscoveryRecord
  let client: StoredClient
  /// nil: the configuration says where the code went.
  let pending: PendingLogin?

  /// Asks the token endpoint. Not interrupted by Ctrl-C: the code counts once.
  func tokens(
    _ on: isolated CommandLoop, _ http: HTTPClient, code: String, verifier: CodeVerifier
  ) async throws(CommandFailure) -> StoredTokens {
    let indicator = LoopIndicator(on, "Exchanging the code …")
    defer { indicator.clear() }
    let exchange = Task { () -> Result<StoredTokens, CommandFailure> in
      _ = on
      do throws(TokenFailure) {
        return .success(
          try await Login(network.profile, http).exchange(
            code: code, verifier: verifier, client: client, pending: pending, record))
      } catch {
        return .failure(CommandFailure("the code was not exchanged for tokens", causes: [error.detail]))
      }
    }
    return try await exchange.value.get()
  }

  /// Keeps `tokens`, and forgets the login of `state`.
  func save(
    _ tokens: StoredTokens, of state: String, _ files: AuthFiles, _ server: AuthServer
  ) throws(CommandFailure) -> AuthenticationStatus {
    try files.change(server) { entry in
      entry.finishLogin(tokens, as: client, state: state, configured: network.profile.scope)
      return AuthenticationStatus(of: entry, serverURL: server.url, now: EpochSeconds.now)
    }
  }
}
