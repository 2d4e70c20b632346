import Platform
import Protocol

/// The answer to one POST within a session: JSON if all is said at once, a stream if there is more to tell or it takes
/// time. The client's leaving cancels nothing; it can come back for the rest of a stream (mcp-checklist SRV-45 to
/// SRV-50). Loop-confined; decided here, kept by the session's channel.
final class SessionAnswer {
  /// What the session does for its answers.
  struct Surroundings {
    let loop: EventLoop
    let streams: StreamRegistry
    /// Of all answers within the session.
    let headers: [(name: String, value: String)]
    /// Keeps an event for a client that comes back, and gives its id; nil at revisions without.
    let keep: (([UInt8], _ isLast: Bool) -> EventID)?
    /// The client copes with events without data.
    let isPrimed: Bool
    /// JSON wherever it is possible.
    let prefersJSON: Bool
    /// After this time the answer becomes a stream.
    let commitTime: Duration
  }

  /// What the client should wait before it comes back.
  static let retryMilliseconds = 2000

  let stream: EventID.Stream
  private let surroundings: Surroundings
  private let accepts: AcceptedForms
  private let isBatch: Bool
  private var unanswered: Set<RequestID>
  private var collected: [[UInt8]] = []
  /// Nil once the answer has begun, or its client has gone before.
  private var exchange: HTTPExchange?
  private var events: EventStream?
  private var isStream = false
  private var timer: Timer?
  /// Tells when the last message has reached the client.
  private(set) var receipt: AnswerReceipt

  init(
    _ stream: EventID.Stream, _ exchange: HTTPExchange?, to requests: Set<RequestID>, isBatch: Bool,
    _ accepts: AcceptedForms,
    _ surroundings: Surroundings
  ) {
    self.stream = stream
    self.exchange = exchange
    self.isBatch = isBatch
    self.accepts = accepts
    self.surroundings = surroundings
    unanswered = requests
    receipt = AnswerReceipt()
    guard accepts.stream, !(surroundings.prefersJSON && accepts.json) else { return }
    timer = surroundings.loop.schedule(after: surroundings.commitTime) { [weak self] in self?.commit() }
  }

  /// After the answer is known to the session.
  func watch() {
    exchange?.onDisconnect { [weak self] in
      self?.exchange = nil
      self?.receipt.isPointless = true
    }
  }

  /// Bytes of it that the client has not taken.
  var waitingBytes: Int { events?.waitingBytes ?? 0 }

  /// What is said is kept for a client that comes back.
  var isKept: Bool { isStream && surroundings.keep != nil }

  /// Tells something of a request that is not its answer. Dropped when the client takes no stream.
  func tell(_ message: [UInt8]) {
    if accepts.stream, !(surroundings.prefersJSON && accepts.json) { commit() }
    if isStream { event(message, isLast: false) }
  }

  /// Answers one of the requests. True when it was the last.
  func answer(_ request: RequestID, _ message: [UInt8]) -> Bool {
    unanswered.remove(request)
    if !isStream { collected.append(message) }
    if isStream {
      event(message, isLast: unanswered.isEmpty)
    } else if unanswered.isEmpty {
      respond()
    }
    return unanswered.isEmpty
  }

  /// One of the requests was cancelled, and has no answer. True when there is none left.
  func withdraw(_ request: RequestID) -> Bool {
    unanswered.remove(request)
    guard unanswered.isEmpty else { return false }
    if isStream { finishStream() } else { respond() }
    return true
  }

  /// Makes the answer a stream now. With `isEnding` it breaks off: the client comes back to the next daemon, if it can.
  func handOver(isEnding: Bool) {
    guard isEnding else { return commit() }
    guard surroundings.isPrimed, accepts.stream else { return }
    commit()
    finishStream()
  }

  /// Nobody waits for it any more. What has not begun is answered, so that no connection hangs.
  func abandon(_ refusal: MCPHTTPRefusal) {
    timer?.cancel()
    timer = nil
    exchange?.respond(status: refusal.status, body: refusal.body)
    exchange = nil
    finishStream()
  }

  // MARK: As JSON

  private func respond() {
    timer?.cancel()
    timer = nil
    guard let exchange else { return }
    if !accepts.json {
      commit()
      for (index, message) in collected.enumerated() { event(message, isLast: index == collected.count - 1) }
      if collected.isEmpty { finishStream() }
      return
    }
    self.exchange = nil
    receipt.follow(exchange, mark: 0)
    guard !collected.isEmpty else {
      // Everything was cancelled: there is nothing to say, and an empty array would be no message.
      return exchange.respond(status: 202, headers: surroundings.headers, contentType: nil)
    }
    exchange.respond(status: 200, headers: surroundings.headers, body: isBatch ? Self.array(collected) : collected[0])
  }

  private static func array(_ messages: [[UInt8]]) -> [UInt8] {
    Array("[".utf8) + messages.joined(separator: ",".utf8) + Array("]".utf8)
  }

  // MARK: As a stream

  /// The answer becomes a stream.
  private func commit() {
    timer?.cancel()
    timer = nil
    guard !isStream, let exchange else { return }
    self.exchange = nil
    isStream = true
    attach(exchange)
    if surroundings.isPrimed, let keep = surroundings.keep {
      events?.prime(keep([], false), retryMilliseconds: Self.retryMilliseconds)
    }
    for message in collected { event(message, isLast: false) }
    collected = []
  }

  /// Goes on with an answer that another connection had. `replay` writes what it missed.
  func resume(_ exchange: HTTPExchange, replay: (EventStream) -> Void) {
    timer?.cancel()
    timer = nil
    isStream = true
    self.exchange = nil
    if let events {
      surroundings.streams.remove(events)
      events.cutOff()
    }
    attach(exchange)
    if let events { replay(events) }
  }

  private func attach(_ exchange: HTTPExchange) {
    events = EventStream(exchange, headers: surroundings.headers) { [weak self] in
      guard let self, let events else { return }
      surroundings.streams.remove(events)
      self.events = nil
    }
    if let events { surroundings.streams.add(events) }
  }

  private func event(_ message: [UInt8], isLast: Bool) {
    let id = surroundings.keep?(message, isLast)
    events?.send(message, id: id)
    if let events {
      receipt.follow(events.receipt, mark: events.writtenBytes)
    } else if id == nil {
      receipt.isPointless = true
    }
    if isLast { finishStream() }
  }

  private func finishStream() {
    guard let events else { return }
    surroundings.streams.remove(events)
    events.end()
    self.events = nil
  }
}
