import Platform
import Protocol

/// What the front keeps for its MCP clients over HTTP. Loop-confined.
final class MCPHTTPFront {
  let journal: SessionJournal
  /// The port of `/v1`, and one of its own.
  let shared: MCPEndpoint
  let own: MCPEndpoint
  var sessions = SessionTable<HTTPSessionChannel>()
  /// Requests of 2026-07-28 that wait for their answer.
  var requests: [ObjectIdentifier: (channel: HTTPRequestChannel, session: MCPSession)] = [:]
  /// Sessions of 2024-11-05.
  var eventSessions: [String: EventsChannel] = [:]
  /// Nil: sessions end with this daemon.
  var keeper: (any SessionKeeper)?
  /// The sessions of earlier daemons are known. Until then no session can be found missing.
  var isReady = true
  /// What waits for that.
  var waiting: [(exchange: HTTPExchange, goOn: () -> Void)] = []
  var sweep: Timer?
  /// The profile that the own port shows in place of the configuration's.
  var askedProfile: String?
  /// The port of its own.
  var server: HTTPServer?
  var front: HTTPFront?

  init(loop: EventLoop) {
    journal = SessionJournal(loop: loop)
    shared = MCPEndpoint(loop: loop, isOwnPort: false)
    own = MCPEndpoint(loop: loop, isOwnPort: true)
  }
}
