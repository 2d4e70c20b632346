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

  private let exchange: HTTPExchange
  private let accepts: AcceptedForms
  private let streams: StreamRegistry
  private var events: EventStream?
  private var isOver = false
  private var timer: Timer?
  /// Where in the stream notifications begin that the client has perhaps not read: the same need not be said twice.
  private var waiting: [[UInt8]: Int] = [:]

  init(_ exchange: HTTPExchange, _ accepts: AcceptedForms, _ streams: StreamRegistry, loop: EventLoop) {
    self.exchange = exchange
    self.accepts = accepts
    self.streams = streams
    guard accepts.stream else { return }
    timer = loop.schedule(after: Self.commitTime) { [weak self] in self?.commit() }
  }

  var delivery: Delivery {
    if let events { return .passedOn(events.receipt, mark: events.writtenBytes) }
    return .passedOn(exchange, mark: 0)
  }

  var queuedBytes: Int { events?.waitingBytes ?? 0 }

  /// After the session exists: its end is told.
  func watch() { exchange.onDisconnect { [weak self] in self?.leave() } }

  func note(name: String?, version: String?, era: ProtocolRevision.Era) {
    self.era = era
    self.name = name ?? self.name
    self.version = version ?? self.version
  }

  func send(_ message: [UInt8], about request: RequestID?, isAnswer: Bool) {
    if isOver { return }
    if isAnswer { return answer(message) }
    commit()
    guard let events else { return }
    // Notices say that something changed, not what: one that was not read yet says it all.
    if events.waitingBytes == 0 { waiting = [:] }
    if let start = waiting[message], events.takenBytes <= start { return }
    waiting[message] = events.writtenBytes
    events.send(message)
  }

  private func answer(_ message: [UInt8]) {
    if events == nil, !accepts.json { commit() }
    if let events {
      events.send(message)
      events.end()
      streams.remove(events)
    } else {
      exchange.respond(status: Self.status(of: message), body: message)
    }
    end()
  }

  /// The request's answer becomes a stream, if the client takes one.
  private func commit() {
    timer?.cancel()
    timer = nil
    guard events == nil, accepts.stream, !isOver else { return }
    events = EventStream(exchange) { [weak self] in self?.leave() }
    if let events { streams.add(events) }
  }

  /// The client has gone: what it asked for is given up.
  private func leave() {
    if isOver { return }
    if let events { streams.remove(events) }
    for abandon in Array(abandons.values) { abandon() }
    abandons = [:]
    end()
  }

  /// The daemon goes away: a stream ends as it is, and what has not begun is refused.
  func breakOff() {
    if isOver { return }
    if let events {
      streams.remove(events)
      events.end()
    } else {
      exchange.refuse(.beingReplaced)
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

  /// An error has a status of its own (mcp-checklist §1.7). Those that do are short; what is long is not looked through.
  static func status(of message: [UInt8]) -> Int {
    guard message.count <= 1 << 16, let code = JSONSlice.trusted(message).member("error")?.member("code")?.int else {
      return 200
    }
    return MCPHTTPRefusal.status(ofModern: code)
  }
}
