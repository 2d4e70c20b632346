import Platform
import Protocol
import Supervisor
import Transport

/// The way to the client of one request of 2026-07-28: its answer is JSON, or a stream if there is more to tell before
/// it. The client's leaving cancels the request (mcp-checklist SRV-23 to SRV-27). Loop-confined.
final class HTTPRequestChannel: MCPChannel {
  /// A request that is under way for longer gets a stream, so that comments can keep the connection alive.
  private static let commitTime = Duration.seconds(15)

  let client: String? = nil
  let largestMessage = Frame.maximumLength
  var abandons: [OperationID: () -> Void] = [:]
  private(set) var era: ProtocolRevision.Era?
  private(set) var name: String?
  private(set) var version: String?
  /// Called once, when the answer was given or the client has gone.
  var onEnd: (() -> Void)?

  private let connection: any MCPConnection
  private let accepts: AcceptedForms
  private let streams: StreamRegistry
  private var events: EventStream?
  private var isOver = false
  private var timer: Timer?
  private var unread = UnreadNotices()

  init(_ connection: any MCPConnection, _ accepts: AcceptedForms, _ streams: StreamRegistry, loop: EventLoop) {
    self.connection = connection
    self.accepts = accepts
    self.streams = streams
    guard accepts.stream else { return }
    timer = loop.schedule(after: Self.commitTime) { [weak self] in self?.commit() }
  }

  var delivery: Delivery {
    if let events { return .passedOn(events.receipt, mark: events.writtenBytes) }
    return .passedOn(connection, mark: 0)
  }

  var queuedBytes: Int { events?.waitingBytes ?? 0 }

  /// After the session exists: its end is told.
  func watch() { connection.onDisconnect { [weak self] in self?.leave() } }

  func note(name: String?, version: String?, era: ProtocolRevision.Era) {
    self.era = era
    self.name = name ?? self.name
    self.version = version ?? self.version
  }

  func send(_ message: OutgoingMessage) {
    if isOver { return }
    switch message.kind {
    case .answer(_, let error): answer(message.bytes, error)
    case .about:
      commit()
      events?.send(message.bytes)
    case .notice(let notice, _):
      commit()
      guard let events, unread.admits(notice, taken: events.takenBytes, written: events.writtenBytes) else { return }
      events.send(message.bytes)
    // Nothing is said at this revision that belongs to no request.
    case .event: break
    }
  }

  /// An error has a status of its own (mcp-checklist §1.7).
  private func answer(_ message: [UInt8], _ error: Int?) {
    if events == nil, !accepts.json { commit() }
    if let events {
      events.send(message)
      events.end()
      streams.remove(events)
    } else {
      connection.respond(
        status: error.map { MCPHTTPRefusal.status(ofModern: $0) } ?? 200, headers: [], contentType: "application/json",
        body: message)
    }
    end()
  }

  /// The request's answer becomes a stream, if the client takes one.
  private func commit() {
    timer?.cancel()
    timer = nil
    guard events == nil, accepts.stream, !isOver else { return }
    events = EventStream(connection) { [weak self] in self?.leave() }
    if let events { streams.add(events) }
  }

  /// The client has gone: what it asked for is given up.
  private func leave() {
    if isOver { return }
    if let events { streams.remove(events) }
    giveUp()
    end()
  }

  private func giveUp() {
    for abandon in Array(abandons.values) { abandon() }
    abandons = [:]
  }

  /// The daemon goes away: a stream ends as it is, and what has not begun is refused. Nobody can come back for it.
  func breakOff() {
    if isOver { return }
    giveUp()
    if let events {
      streams.remove(events)
      events.end()
    } else {
      connection.refuse(.beingReplaced)
    }
    end()
  }

  private func end() {
    isOver = true
    timer?.cancel()
    timer = nil
    let action = onEnd
    onEnd = nil
    action?()
  }
}
