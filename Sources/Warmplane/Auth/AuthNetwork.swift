import Configuration
import HTTPClient
import OAuth
import Platform
import Protocol

/// The requests of `auth` commands, with what the person at the terminal sees meanwhile.
struct AuthNetwork {
  let server: AuthServer
  let profile: OAuthProfile
  private let settings: HTTPClient.Settings

  /// Reads what the configuration says about `server`. The client's secret, which may be a variable that is not set, only
  /// with `withSecret`.
  init(_ server: AuthServer, _ files: AuthFiles, withSecret: Bool = true) throws(CommandFailure) {
    self.server = server
    profile = try server.profile(files, withSecret: withSecret)
    var authorities: String?
    if let file = server.entry.caFile {
      authorities = files.absolute(try AuthServer.expand(file, field: "caFile", of: server.id))
    }
    settings = HTTPClient.Settings(
      userAgent: "warmplane/\(WarmplaneVersion.current)", authorityFile: authorities,
      proxies: ProcessEnvironment.all.map { "\($0.name)=\($0.value)" })
  }

  /// A client on the loop of `on`; to be closed by the caller.
  func client(_ on: isolated CommandLoop) -> HTTPClient { HTTPClient(loop: on.loop, settings: settings) }

  /// The authorization server of the server: what is stored and fresh with `stored`, else what the network says, else
  /// what the configuration says.
  func discover(
    _ on: isolated CommandLoop, _ client: HTTPClient, stored entry: StoreEntry?
  ) async throws(CommandFailure) -> DiscoveryRecord {
    if let entry, entry.isFor(server.url), let record = entry.discovery, record.isFresh(at: EpochSeconds.now) {
      return record
    }
    let indicator = LoopIndicator(on, "Asking for the authorization server of \(server.id.onOneLine) …")
    defer { indicator.clear() }
    let found: (record: DiscoveryRecord, failure: DiscoveryFailure?)
    do {
      found = try await DiscoveryRun.recordOrFallback(of: profile, client)
    } catch {
      throw CommandFailure(
        "the authorization server of server \"\(server.id.onOneLine)\" was not found", causes: [error.detail])
    }
    // What Ctrl-C cut off is no reason to fall back to something else.
    if Task.isCancelled { throw CommandFailure("interrupted", code: .interrupted) }
    if let failure = found.failure {
      indicator.clear()
      Console.error("Warning: discovery failed (\(failure.detail)); the endpoints of the config file are used\n")
    }
    return found.record
  }
}
