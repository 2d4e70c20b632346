import HTTPClient
import Platform
import Protocol

/// What all exchanges with one upstream share. Loop-confined.
final class HTTPAccess {
  /// Exchanges at once. Over HTTP/1.1 each has a connection, and a process usually has 1,024 descriptors.
  private static let mostExchanges = 640
  /// Bytes of all answers that are not read to their end, together: four of the largest.
  static let mostHeldBytes = 4 * Frame.maximumLength

  let loop: EventLoop
  let client: HTTPClient
  let authorizer: any RequestAuthorizer
  let fields: RequestFields
  var reachability = Reachability()
  /// Bytes of answers that are held at present.
  var heldBytes = 0
  private let configuredSecrets: [String]

  init(loop: EventLoop, launch: HTTPLaunch, authorizer: any RequestAuthorizer) {
    self.loop = loop
    self.authorizer = authorizer
    var settings = HTTPClient.Settings(
      userAgent: "warmplane/\(WarmplaneVersion.current)", authorityFile: launch.authorityFile, proxies: launch.proxies)
    settings.mostExchanges = Self.mostExchanges
    client = HTTPClient(loop: loop, settings: settings)
    fields = RequestFields(launch)
    configuredSecrets = launch.headers.map(\.value) + BodyExcerpt.secrets(ofQuery: HTTPURL(launch.url)?.query)
  }

  /// Words of an answer to a request with these credentials and that session id, for error messages.
  func excerpt(_ authorization: Authorization?, sessionID: String?) -> BodyExcerpt {
    let fields = authorization?.fields.map(\.value) ?? []
    return BodyExcerpt(hiding: configuredSecrets + fields + (sessionID.map { [$0] } ?? []))
  }
}
