import Platform
import Protocol

/// The answer to one POST within a session, as `SessionAnswerState` decides. The client's leaving cancels nothing; it can
/// come back for the rest of a stream. Loop-confined.
final class SessionAnswer {
  /// What the session does for its answers.
  struct Surroundings {
    let loop: EventLoop
    let streams: StreamRegistry
    /// Of all answers within the session.
    let headers: [(name: String, value: String)]
    /// Keeps an event for a client that comes back, and gives its id; nil at revisions without.
    let keep: (([UInt8], _ isLast: Bool) -> EventID)?
    /// After this time the answer becomes a stream.
    let commitTime: Duration
  }

  /// What the client should wait before it comes back.
  static let retryMilliseconds = 2000

  let stream: EventID.Stream
  /// Tells when the last message has reached the client.
  let receipt = AnswerReceipt()
  private let surroundings: Surroundings
  private var state: SessionAnswerState
  /// What waits for the answer to begin.
  private var connection: (any MCPConnection)?
  private var events: EventStream?
  private var timer: Timer?

  init(
    _ stream: EventID.Stream, _ connection: any MCPConnection, to requests: Set<RequestID>,
    _ terms: SessionAnswerState.Terms, _ surroundings: Surroundings
  ) {
    self.stream = stream
    self.connection = connection
    self.surroundings = surroundings
    state = SessionAnswerState(requests, terms)
    guard terms.allowsStream else { return }
    timer = surroundings.loop.schedule(after: surroundings.commitTime) { [weak self] in self?.commit() }
  }

  /// After the answer is known to the session.
  func watch() {
    connection?.onDisconnect { [weak self] in
      guard let self, state.leave() else { return }
      perform([])
      connection = nil
      receipt.isPointless = true
    }
  }

  /// Bytes of it that the client has not taken.
  var waitingBytes: Int { events?.waitingBytes ?? 0 }

  /// What is said is kept for a client that comes back.
  private(set) var isKept = false

  /// All is said.
  var isComplete: Bool { state.isComplete }

  /// Tells something of a request that is not its answer.
  func tell(_ message: [UInt8]) { perform(state.tell(message)) }

  /// Answers one of the requests.
  func answer(_ request: RequestID, _ message: [UInt8]) { perform(state.answer(request, message)) }

  /// Makes the answer a stream now.
  func commit() { perform(state.commit()) }

  /// The daemon makes room for the next one.
  func handOver() { perform(state.handOver(), refusal: .beingReplaced) }

  /// Nobody waits for it any more.
  func abandon(_ refusal: MCPHTTPRefusal) { perform(state.abandon(), refusal: refusal) }

  /// Goes on with an answer that another connection had. `replay` writes what that one missed.
  func resume(_ newcomer: any MCPConnection, replay: (EventStream) -> Void) {
    var actions = state.resume()
    guard let first = actions.first else { return newcomer.refuse(.unknownEvent) }
    actions.removeFirst()
    if first == .replace {
      if let events {
        surroundings.streams.remove(events)
        events.cutOff()
      }
      attach(newcomer)
      if let events { replay(events) }
    } else {
      connection?.refuse(.superseded)
      connection = newcomer
      receipt.isPointless = false
    }
    perform(actions)
  }

  // MARK: Acting

  private func perform(_ actions: [SessionAnswerState.Action], refusal: MCPHTTPRefusal = .unknownSession) {
    for action in actions {
      switch action {
      case .begin(let isPrimed): begin(isPrimed: isPrimed)
      case .event(let message, let isLast): event(message, isLast: isLast)
      case .end: finishStream()
      case .respond(let body): respond(body)
      case .refuse(let request):
        var refusal = refusal
        refusal.id = request
        connection?.refuse(refusal)
        connection = nil
      case .supersede, .replace: fatalError("only a client that comes back is told to wait or to go on")
      }
    }
    if !state.isUndecided {
      timer?.cancel()
      timer = nil
    }
  }

  private func respond(_ body: [UInt8]) {
    guard let connection else { return }
    self.connection = nil
    receipt.follow(connection)
    connection.respond(status: 200, headers: surroundings.headers, contentType: "application/json", body: body)
  }

  private func begin(isPrimed: Bool) {
    guard let connection else { return }
    self.connection = nil
    isKept = surroundings.keep != nil
    attach(connection)
    if isPrimed, let events, let keep = surroundings.keep {
      events.prime(keep([], false), retryMilliseconds: Self.retryMilliseconds)
    }
  }

  private func attach(_ connection: any MCPConnection) {
    events = EventStream(connection, headers: surroundings.headers) { [weak self] in
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
