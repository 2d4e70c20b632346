import Configuration
import OAuth
import Protocol

/// `auth status`: what the store has for each server, without secrets and without network.
enum AuthStatusCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let files = try AuthFiles(arguments)
    let snapshot = try files.snapshot()
    var items: [(AuthServer, OAuthProfile)] = []
    for server in try AuthServer.all(in: files, only: arguments.operands.first) {
      items.append((server, try server.profile(files, withSecret: false)))
    }
    return AuthPayload.printed(files) { writer in
      writer.key("servers")
      writer.beginArray()
      for (server, profile) in items { write(server, profile, snapshot.entry(server.key), to: &writer) }
      writer.endArray()
    }
  }

  private static func write(
    _ server: AuthServer, _ profile: OAuthProfile, _ stored: StoreEntry?, to writer: inout JSONWriter
  ) {
    // What is stored for another address of the server does not count, but for saying so.
    let entry = stored?.isFor(server.url) ?? false ? stored : nil
    let record = entry?.discovery ?? profile.fallbackRecord
    writer.beginObject()
    writer.member("id", server.id)
    writer.member("url", server.url)
    writer.member("tokenStoreKey", server.key)
    writer.member(
      "authStatus", AuthenticationStatus(of: stored, serverURL: server.url, now: EpochSeconds.now).rawValue)
    writer.member("discoveryResolved", record != nil)
    writer.member("resourceMetadataUrl", record?.resourceMetadataURL)
    writer.member("authorizationServer", record?.authorizationServer)
    writer.member("authorizationEndpoint", record?.authorizationEndpoint)
    writer.member("tokenEndpoint", record?.tokenEndpoint)
    writer.member("refreshTokenAvailable", entry?.tokens?.refreshToken.map { !$0.isBlankText } ?? false)
    writer.member("codeChallengeS256Supported", record?.supportsS256 ?? false)
    writer.member(
      "hasClientId", server.settings.clientID != nil || entry?.clientInfo.map { !$0.clientID.isBlankText } ?? false)
    // A variable that is not set is no secret; the commands that need it say so.
    writer.member("hasClientSecret", (try? server.clientSecret()) != nil || entry?.clientInfo?.clientSecret != nil)
    writer.member("scope", server.settings.scope)
    writer.member("serverUrlMatches", stored?.isFor(server.url) ?? true)
    writer.endObject()
  }
}
