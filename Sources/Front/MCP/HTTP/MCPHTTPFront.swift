import Configuration
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
  var requests: [ObjectIdentifier: (channel: HTTPRequestChannel, session: MCPSession, endpoint: MCPEndpoint)] = [:]
  /// Sessions of 2024-11-05.
  var eventSessions: [String: LegacySSEChannel] = [:]
  /// Nil: sessions end with this daemon.
  var keeper: (any SessionKeeper)?
  /// Closed while the sessions of earlier daemons are not known.
  let gate = SessionGate()
  var sweep: Timer?
  /// What the command line says of the port of its own.
  var asked = MCPPortRequest()
  /// The port of its own, while it is open.
  var ownPort: MCPOwnPort?
  /// Why it is not open although it should be.
  var portError: String?
  var front: HTTPFront?

  init(loop: EventLoop) {
    journal = SessionJournal(loop: loop)
    shared = MCPEndpoint(loop: loop, isOwnPort: false)
    own = MCPEndpoint(loop: loop, isOwnPort: true)
  }
}
