import HTTPClient
import OAuth
import Protocol

/// A login up to the moment at which the browser opens: the common part of `start` and `login`.
struct PreparedLogin: Sendable {
  let record: DiscoveryRecord
  let attempt: LoginAttempt

  /// Finds the authorization server, and registers a client where that is needed. Stores nothing.
  static func make(
    _ on: isolated CommandLoop, _ client: HTTPClient, _ network: AuthNetwork, stored entry: StoreEntry?,
    isForced: Bool
  ) async throws(CommandFailure) -> PreparedLogin {
    let record = try await network.discover(on, client, stored: isForced ? nil : entry)
    var adopted = StoreEntry(continuing: entry, for: network.server.url)
    adopted.adopt(record, for: network.server.url)
    do throws(LoginFailure) {
      let attempt = try await Login(network.profile, client).prepare(record, adopted)
      guard !Task.isCancelled else { throw LoginFailure("interrupted") }
      return PreparedLogin(record: record, attempt: attempt)
    } catch {
      throw CommandFailure(
        "server \"\(network.server.id.onOneLine)\" cannot be logged in to", causes: [error.detail])
    }
  }

  /// Keeps what the answer needs, before anybody can answer.
  func save(_ files: AuthFiles, _ server: AuthServer) throws(CommandFailure) {
    let hadPending = try files.change(server) { entry in
      entry.adopt(record, for: server.url)
      defer { attempt.save(in: &entry) }
      return entry.oauthState != nil
    }
    if hadPending {
      Console.error(
        "Warning: a login that was begun before and not finished is void now; its code cannot be exchanged\n")
    }
  }
}
