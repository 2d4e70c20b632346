import Platform
import Protocol

/// One MCP session with one upstream: keeps its lists, carries calls; how its messages travel is the transport's
/// business. Loop-confined; owned by the `Worker`. A link is used for one session only: after `gone` a new one is made.
final class UpstreamLink {
  /// Operations that may be in flight or held back at once; one more is refused as `queue_full`.
  static let mostCalls = 1024
  /// Bytes of requests that the upstream has not taken yet; beyond it operations are refused as `queue_full`.
  static let mostWaitingBytes = 64 << 20

  /// What the link tells its owner. All on the loop.
  struct Handlers {
    /// The upstream said something valid for the first time.
    var firstAnswer: () -> Void
    /// The session is open and the first listing complete; or why there is none.
    var started: (Result<UpstreamSession, UpstreamEnd>) -> Void
    /// The upstream ended after `started`; calls were answered before.
    var ended: (UpstreamEnd) -> Void
    var answer: (CallAnswer) -> Void
    var progress: (OperationID, JSONSlice) -> Void
    var notification: (UpstreamNotification) -> Void
    var catalogChanged: () -> Void
    /// Lines are ready in `takeLog()`.
    var hasLog: () -> Void
    /// Nothing is left of the upstream's processes and connections.
    var gone: () -> Void
  }

  enum Phase {
    /// No session yet.
    case opening
    /// Session open, first listing under way.
    case listing
    case ready
    /// No session any more; something of it may still be there.
    case over
  }

  /// What an answer of the upstream belongs to.
  enum Pending {
    case list(ListKind)
    case probe(PendingProbe)
    case interest(PendingInterest)
    case call
  }

  struct PendingProbe {
    let started: MonotonicTime
    let handler: (Result<Duration, CallFailure>) -> Void
  }

  let loop: EventLoop
  let launch: UpstreamLaunch
  let handlers: Handlers
  let ids: RequestIDs

  var phase = Phase.opening
  /// Nil before `start` and after the transport is gone.
  var transport: (any UpstreamTransport)?
  var session: Established?
  var catalog = UpstreamCatalog()
  var lists: [ListKind: ListReader] = [:]
  var staleLists: Set<ListKind> = []
  /// After lists that failed for a reason that passes.
  var listBackoff = ListBackoff()
  var toolHeaders = ToolHeaders()
  var interests = Interests.none
  var interestState = InterestState()
  /// Operations that wait for the tools' schemas, with the refusal that made them wait.
  var headerRefusals: [(operation: OperationID, error: JSONSlice)] = []
  var relistTimer: Timer?
  var pending: [Int: Pending] = [:]
  var calls: [Int: InFlightCall] = [:]
  var callIDs: [OperationID: Int] = [:]
  var tail = StderrTail()
  var hasAnswered = false
  var deadline: Timer?

  init(loop: EventLoop, launch: UpstreamLaunch, ids: RequestIDs = RequestIDs(), handlers: Handlers) {
    self.loop = loop
    self.launch = launch
    self.ids = ids
    self.handlers = handlers
  }

  /// The session in the supervisor's terms; nil before it is complete and after its end.
  var snapshot: UpstreamSession? {
    guard isReady, let session, let transport else { return nil }
    return UpstreamSession(
      pid: transport.pid, revision: session.revision, capabilities: session.capabilities,
      serverInfo: session.serverInfo, instructions: session.instructions, catalogHash: catalog.hash,
      listErrors: catalog.listErrors, meta: session.meta)
  }

  var isReady: Bool { phase == .ready }

  var isOver: Bool { phase == .over }

  // MARK: Receiving

  func receive(_ message: IncomingMessage, _ origin: MessageOrigin) {
    switch message {
    case .result(let id, let result):
      noteAlive()
      answered(id, .success(result))
    case .error(let id, let error):
      noteAlive()
      if let id { answered(id, .failure(error)) }
    case .unusable(let id, let failure): unusable(id, failure)
    case .request(let id, let method):
      noteAlive()
      asked(id, method)
    case .notification(let method, let params):
      noteAlive()
      notified(method, params, origin)
    case .foreign: noteAlive()  // a late or foreign answer
    case .noise(let text): note(text)
    }
  }

  func noteAlive() {
    if hasAnswered { return }
    hasAnswered = true
    handlers.firstAnswer()
  }

  private func answered(_ id: Int, _ answer: Result<JSONSlice?, UpstreamError>) {
    switch pending.removeValue(forKey: id) {
    case .call:
      switch answer {
      case .success(let result): finish(id, unfinished(result).map { .failed($0) } ?? .completed(result))
      case .failure(let error): if !sendsAgain(id, error) { finish(id, .rejected(error.object)) }
      }
    case .list(let kind): listAnswered(kind, answer)
    case .probe(let probe): probe.handler(.success(.now - probe.started))
    case .interest(let interest):
      if case .success = answer { ended(interest, isDone: true) } else { ended(interest, isDone: false) }
    case nil: break  // late: the call was cancelled or timed out
    }
  }

  /// Why a result is none yet: only 2026-07-28 has other kinds, and none that a client without capabilities may get
  /// (mcp-checklist ENV-3). To other revisions the member means nothing.
  private func unfinished(_ result: JSONSlice?) -> CallFailure? {
    guard session?.revision.era == .modern, let type = result?.member("resultType"), !type.isString("complete") else {
      return nil
    }
    if type.isString("input_required") {
      return CallFailure(.badAnswer, "it asks for more input, which warmplane does not offer")
    }
    let name = type.string.map { "\"\($0.clipped(to: 64))\"" } ?? "that is no string"
    return CallFailure(.badAnswer, "its result is of an unknown type: \(name)")
  }

  /// An answer that cannot be used ends the request that it belongs to, whatever that was.
  private func unusable(_ id: Int, _ failure: CallFailure) {
    if calls[id] != nil {
      pending[id] = nil
      finish(id, .failed(failure))
    } else {
      answered(id, .failure(UpstreamError(failure)))
    }
  }

  /// There will be no answer to a request.
  func failed(_ id: Int, _ failure: RequestFailure) {
    switch pending.removeValue(forKey: id) {
    case .call: finish(id, failure.outcome)
    case .list(let kind): listFailed(kind, failure)
    case .probe(let probe):
      probe.handler(failure.isAnswer ? .success(.now - probe.started) : .failure(failure.failure))
    case .interest(let interest): ended(interest, isDone: false)
    case nil: break
    }
  }

  /// The upstream asks us. No client capability was announced, so only `ping` has an answer (contract §6.6).
  private func asked(_ id: RequestID, _ method: String) {
    if method == "ping" {
      transport?.reply(JSONRPCWriter.result(id: id, .emptyObject))
    } else {
      transport?.reply(
        JSONRPCWriter.error(
          id: id, code: MCPErrorCode.methodNotFound, message: "this client does not offer \(method)"))
    }
  }

  private func notified(_ method: String, _ params: JSONSlice?, _ origin: MessageOrigin) {
    let changed = ListKind.allCases.filter { $0.changeNotification == method }
    if !changed.isEmpty { return listChanged(changed) }
    guard let params, params.kind == .object else { return }
    switch method {
    case "notifications/progress": progressed(params)
    case "notifications/message": logged(params, origin)
    case "notifications/resources/updated": resourceUpdated(params)
    default: break
    }
  }

  // MARK: Log

  /// Something of ours that people should read in the server's log.
  func note(_ text: String) { logged(Array(text.utf8)) }

  func logged(_ line: [UInt8]) {
    tail.add(line)
    handlers.hasLog()
  }

  func takeLog() -> (lines: [String], dropped: Int) { tail.takeBatch() }

  /// What the upstream's process said last, for sentences about its end.
  var lastWords: String? {
    if case .stdio = launch.transport { return tail.lastWords }
    return nil
  }
}
