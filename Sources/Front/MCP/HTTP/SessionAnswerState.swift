import Protocol

/// Decides how one POST within a session is answered: as JSON if all is said at once, as a stream if there is more to tell
/// or it takes time (mcp-checklist SRV-45 to SRV-50). Pure.
struct SessionAnswerState {
  /// What the client takes, and how the session speaks.
  struct Terms {
    var accepts = AcceptedForms([])
    /// JSON wherever it is possible.
    var prefersJSON = false
    /// The answers are one array.
    var isBatch = false
    /// The client copes with events without data, and can come back when it got one.
    var isPrimed = false

    /// Whether the answer may become a stream although it could be JSON.
    var allowsStream: Bool { accepts.stream && !(prefersJSON && accepts.json) }
  }

  enum Phase: Equatable {
    /// The client knows nothing yet. These are the answers so far.
    case undecided([[UInt8]])
    /// It has left before it knew anything, and so cannot come back: what is said goes nowhere.
    case lost
    /// A stream has begun, whether its client is there or not.
    case stream
    /// Everything is said.
    case done
  }

  enum Action: Equatable {
    /// Make the answer a stream on the connection that waits; `isPrimed`: with an event that tells how to come back.
    case begin(isPrimed: Bool)
    /// `isLast`: the stream ends after it.
    case event([UInt8], isLast: Bool)
    /// End the stream.
    case end
    /// Answer with JSON.
    case respond([UInt8])
    /// Tell the connection that waits that there will be no answer: to this request, if it is one only.
    case refuse(RequestID?)
    /// Another connection asks for the answer: refuse the one that waits and let the other wait.
    case supersede
    /// Another connection goes on with the stream.
    case replace
  }

  let terms: Terms
  private(set) var phase = Phase.undecided([])
  private var unanswered: Set<RequestID>

  init(_ requests: Set<RequestID>, _ terms: Terms) {
    unanswered = requests
    self.terms = terms
  }

  var isStream: Bool { phase == .stream }
  var isUndecided: Bool { if case .undecided = phase { true } else { false } }

  /// Every request has its answer.
  var isComplete: Bool { unanswered.isEmpty }

  /// Something is told of a request before its answer. Dropped when the client takes no stream.
  mutating func tell(_ message: [UInt8]) -> [Action] {
    switch phase {
    case .undecided where terms.allowsStream: commit() + [.event(message, isLast: false)]
    case .stream: [.event(message, isLast: false)]
    case .undecided, .lost, .done: []
    }
  }

  /// One of the requests is answered.
  mutating func answer(_ request: RequestID, _ message: [UInt8]) -> [Action] {
    unanswered.remove(request)
    switch phase {
    case .undecided(let collected):
      phase = .undecided(collected + [message])
      return isComplete ? conclude() : []
    case .stream:
      if isComplete { phase = .done }
      return [.event(message, isLast: isComplete)]
    case .lost, .done:
      return []
    }
  }

  /// It takes long: the answer becomes a stream.
  mutating func commit() -> [Action] {
    guard case .undecided(let collected) = phase else { return [] }
    phase = .stream
    return [.begin(isPrimed: terms.isPrimed)] + collected.map { .event($0, isLast: false) }
  }

  /// The client has left. False when it can come back.
  mutating func leave() -> Bool {
    guard isUndecided else { return false }
    phase = .lost
    return true
  }

  /// A client comes back for the answer.
  mutating func resume() -> [Action] {
    switch phase {
    case .undecided: return [.supersede] + commit()
    case .lost:
      phase = .undecided([])
      return [.supersede] + commit()
    case .stream: return [.replace]
    case .done: return []
    }
  }

  /// The daemon makes room for the next one, where the client finds the answer, if it knows how to ask for it.
  mutating func handOver() -> [Action] {
    guard isUndecided, terms.isPrimed, terms.accepts.stream else { return abandon() }
    let actions = commit()
    phase = .done
    return actions + [.end]
  }

  /// Nobody waits for it any more. What has not begun is refused, so that no connection hangs.
  mutating func abandon() -> [Action] {
    defer { phase = .done }
    switch phase {
    case .undecided: return [.refuse(unanswered.count == 1 ? unanswered.first : nil)]
    case .stream: return [.end]
    case .lost, .done: return []
    }
  }

  /// There is nothing more to come.
  private mutating func conclude() -> [Action] {
    defer { phase = .done }
    switch phase {
    case .undecided(let collected) where terms.accepts.json:
      return [.respond(terms.isBatch ? Self.array(collected) : collected[0])]
    case .undecided(let collected):
      let events = collected.enumerated().map { Action.event($1, isLast: $0 == collected.count - 1) }
      return [.begin(isPrimed: terms.isPrimed)] + events
    case .stream, .lost, .done: return []
    }
  }

  private static func array(_ messages: [[UInt8]]) -> [UInt8] {
    Array("[".utf8) + messages.joined(separator: ",".utf8) + Array("]".utf8)
  }
}
