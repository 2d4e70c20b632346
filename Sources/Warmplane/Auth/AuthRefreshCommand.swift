import HTTPClient
import OAuth
import Platform
import Protocol

/// `auth refresh`: a new access token, at once.
enum AuthRefreshCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let files = try AuthFiles(arguments)
    let server = try AuthServer.find(arguments.operands[0], in: files)
    let entry = try files.snapshot().entry(server.key)
    let network = try AuthNetwork(server, files)
    try check(entry, network)
    let old = entry?.tokens?.accessToken ?? ""
    let tokens = try CommandLoop.run { (on: isolated CommandLoop) throws(CommandFailure) -> StoredTokens in
      let client = network.client(on)
      defer { client.close() }
      return try await renew(on, client, network, files, replacing: old)
    }
    var renewed = StoreEntry(continuing: nil, for: server.url)
    renewed.tokens = tokens
    return AuthPayload.printed(files, server) { writer in
      writer.member(
        "authStatus", AuthenticationStatus(of: renewed, serverURL: server.url, now: EpochSeconds.now).rawValue)
      writer.member("refreshTokenAvailable", tokens.refreshToken.map { !$0.isBlankText } ?? false)
    }
  }

  /// What a refresh needs, so that the message names exactly what is missing.
  private static func check(_ entry: StoreEntry?, _ network: AuthNetwork) throws(CommandFailure) {
    // Client credentials need nothing but themselves.
    guard network.profile.grant == .authorizationCode else { return }
    let name = "server \"\(network.server.id.onOneLine)\""
    let id = ShellWord.quoted(network.server.id)
    guard let entry, entry.isFor(network.server.url), let tokens = entry.tokens else {
      throw CommandFailure("\(name) has no stored credentials; log in: warmplane auth login \(id)")
    }
    guard let token = tokens.refreshToken, !token.isBlankText else {
      throw CommandFailure("\(name) has no refresh token; log in again: warmplane auth login \(id)")
    }
    guard entry.discovery?.tokenEndpoint != nil || network.profile.tokenEndpoint != nil else {
      throw CommandFailure("no token endpoint of \(name) is known; find it: warmplane auth discover \(id)")
    }
  }

  /// Renews under the lock that daemons and workers take, too. Not interrupted by Ctrl-C: the old refresh token may be
  /// void as soon as the request is sent, and the new one has to be saved.
  private static func renew(
    _ on: isolated CommandLoop, _ client: HTTPClient, _ network: AuthNetwork, _ files: AuthFiles,
    replacing old: String
  ) async throws(CommandFailure) -> StoredTokens {
    let indicator = LoopIndicator(on, "Renewing the access token …")
    defer { indicator.clear() }
    let keeper = TokenKeeper(
      network.profile, files.store, key: network.server.key, client: client, loop: on.loop, files: on.disk)
    let renewal = Task { () -> Renewal in
      _ = on
      return await keeper.renew(.replacing(accessToken: old, wasRefused: false))
    }
    switch await renewal.value {
    case .tokens(let tokens, nil): return tokens
    case .tokens(_, let failure?): throw CommandFailure(failure)
    case .transient(let failure, _), .dead(let failure):
      throw CommandFailure("server \"\(network.server.id.onOneLine)\" \(failure.detail)")
    }
  }
}
