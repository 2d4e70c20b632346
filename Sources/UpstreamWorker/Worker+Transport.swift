import HTTPClient
import OAuth
import Protocol

/// How an upstream is reached.
extension Worker {
  /// Why nothing can be started by a launch; nil when something can.
  func problem(with launch: UpstreamLaunch) -> String? {
    guard case .http(let http) = launch.transport, HTTPURL(http.url) == nil else { return nil }
    return "has no usable URL"
  }

  /// Makes the transport of a launch without problem; nothing is started.
  func transport(
    _ launch: UpstreamLaunch, _ ids: RequestIDs, _ events: TransportEvents
  ) -> any UpstreamTransport {
    switch launch.transport {
    case .stdio(let program):
      return StdioTransport(
        loop: loop, reaper: reaper, thread: thread, launch: launch, program: program, helper: helper, ids: ids,
        events: events)
    case .http(let http):
      guard let url = HTTPURL(http.url) else { fatalError("a launch with an unusable URL was not refused") }
      return HTTPTransport(
        loop: loop, upstream: launch, launch: http, url: url, authorizer: authorizer(http, launch.server), ids: ids,
        events: events)
    }
  }

  private func authorizer(_ http: HTTPLaunch, _ server: String) -> any RequestAuthorizer {
    switch http.credentials {
    case .none: return StaticAuthorizer(nil)
    case .fixed(let value): return StaticAuthorizer(value)
    case .oauth(let oauth):
      let authorizer = OAuthAuthorizer(
        server: server, http: http, oauth: oauth, loop: loop, files: thread,
        log: { notice in self.assumeIsolated { $0.warn(notice, key: oauth.storeKey) } })
      guard let authorizer else { fatalError("a launch with an unusable URL was not refused") }
      return authorizer
    }
  }

  /// Something about credentials that belongs into the daemon's log.
  private func warn(_ notice: OAuthNotice, key: String) {
    reply(
      JSONRPCWriter.notification(method: WorkerMethod.warning) { writer in
        writer.beginObject()
        writer.member("message", notice.message)
        writer.member("key", key)
        writer.member("error", notice.error)
        writer.endObject()
      })
  }
}
