import Platform
import Protocol

/// One MCP session with one upstream over its pipes: opens it, keeps its lists, carries calls. Loop-confined; owned by
/// the `Worker`. A link is used for one session only: after `onGone` a new one is made.
final class UpstreamLink {
  /// Operations that may be in flight or held back at once; one more is refused as `queue_full`.
  static let mostCalls = 1024
  /// Bytes of held-back calls together; beyond it they are refused as `queue_full`.
  static let mostHeldBytes = 64 << 20
  /// While this many bytes wait for the pipe, further calls are held back, so that cancels and pings overtake them.
  static let pipeBacklog = 256 * 1024

  /// What the link tells its owner. All on the loop.
  struct Handlers {
    /// The upstream said something valid for the first time.
    var firstAnswer: () -> Void
    /// The session is open and the first listing complete; or why there is none (a sentence).
    var started: (Result<UpstreamSession, StartFailure>) -> Void
    /// The upstream ended after `started`; calls were answered before.
    var ended: (String) -> Void
    var answer: (CallAnswer) -> Void
    var progress: (OperationID, JSONSlice) -> Void
    var catalogChanged: () -> Void
    /// Lines of stderr or of stray stdout are ready in `takeLog()`.
    var hasLog: () -> Void
    /// Nothing is left of the upstream's processes.
    var gone: () -> Void
  }

  /// Why a start failed, in one sentence.
  struct StartFailure: Error { let detail: String }

  enum Phase {
    /// Handshake; no session yet.
    case opening(Handshake)
    /// Session open, first listing under way.
    case listing
    case ready
    /// No session any more; processes may still be dying.
    case over
  }

  /// What an answer of the upstream belongs to.
  enum Pending {
    case list(ListKind)
    case probe(PendingProbe)
    case call
  }

  struct PendingProbe {
    let started: MonotonicTime
    let handler: (Duration) -> Void
  }

  let loop: EventLoop
  let reaper: Reaper
  let thread: BlockingThread
  let launch: UpstreamLaunch
  let helper: String
  let handlers: Handlers

  var phase: Phase
  var process: StdioProcess?
  var session: Handshake.Established?
  var catalog = UpstreamCatalog()
  var lists: [ListKind: ListReader] = [:]
  var staleLists: Set<ListKind> = []
  var relistTimer: Timer?
  var pending: [Int: Pending] = [:]
  var calls: [Int: InFlightCall] = [:]
  var callIDs: [OperationID: Int] = [:]
  /// Ids of calls that wait for room in the pipe, in order.
  var held: [Int] = []
  var heldBytes = 0
  var lastID = 0
  var tail = StderrTail()
  var hasAnswered = false
  var isRestarting = false
  var deadline: Timer?
  var probeTimer: Timer?

  init(
    loop: EventLoop, reaper: Reaper, thread: BlockingThread, launch: UpstreamLaunch, helper: String,
    handlers: Handlers
  ) {
    self.loop = loop
    self.reaper = reaper
    self.thread = thread
    self.launch = launch
    self.helper = helper
    self.handlers = handlers
    phase = .opening(Handshake(era: launch.era, version: WarmplaneVersion.current))
  }

  /// The session in the supervisor's terms; nil before it is complete and after its end.
  var snapshot: UpstreamSession? {
    guard case .ready = phase, let session, let process else { return nil }
    return UpstreamSession(
      pid: process.pid, revision: session.revision, capabilities: session.capabilities,
      serverInfo: session.serverInfo, instructions: session.instructions, catalogHash: catalog.hash,
      listErrors: catalog.listErrors)
  }

  var isOver: Bool {
    if case .over = phase { return true }
    return false
  }

  /// Writes one line to the upstream.
  func send(_ line: [UInt8]) { process?.write(line) }

  func nextID() -> Int {
    lastID += 1
    return lastID
  }

  // MARK: Receiving

  func receive(_ line: LineDecoder.Line) {
    switch line {
    case .oversized(let prefix): oversized(prefix)
    case .line(var bytes):
      if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
      guard bytes.contains(where: { $0 > 0x20 }) else { return }
      do {
        dispatch(try JSONRPCMessage(parsing: bytes, limits: .upstream))
      } catch {
        unreadable(bytes, error)
      }
    }
  }

  private func dispatch(_ message: JSONRPCMessage) {
    if !hasAnswered {
      hasAnswered = true
      handlers.firstAnswer()
    }
    switch message.kind {
    case .response(.int(let id)): answered(Int(id), .success(message.result))
    case .errorResponse(.int(let id)?): answered(Int(id), .failure(UpstreamError(message)))
    case .request(let id, let method): asked(id, method)
    case .notification(let method): notified(method, message.params)
    case .response, .errorResponse: break  // an id that is not ours: a late or foreign answer
    }
  }

  /// A JSON-RPC error object of the upstream.
  struct UpstreamError: Error {
    /// Longest message that goes into sentences of ours, in characters: three lists that fail with megabytes of words
    /// would not fit into one frame.
    static let longestMessage = 500

    let code: Int
    let message: String
    /// The object as it came, for who asked.
    let object: JSONSlice

    /// Of an answer that could not be used.
    init(_ failure: CallFailure) {
      code = MCPErrorCode.invalidRequest
      message = failure.detail
      object = .emptyObject
    }

    init(_ response: JSONRPCMessage) {
      code = response.errorCode ?? 0
      message = response.errorMessage?.clipped(to: Self.longestMessage) ?? "no message"
      object = response.error ?? .emptyObject
    }
  }

  private func answered(_ id: Int, _ answer: Result<JSONSlice?, UpstreamError>) {
    if case .opening = phase {
      switch answer {
      case .success(let result): advance(.result(id: id, result ?? .emptyObject))
      case .failure(let error):
        advance(.error(id: id, code: error.code, message: error.message, data: error.object.member("data")))
      }
      return
    }
    switch pending.removeValue(forKey: id) {
    case .call:
      switch answer {
      case .success(let result): finish(id, .completed(result))
      case .failure(let error): finish(id, .rejected(error.object))
      }
    case .list(let kind): listAnswered(kind, answer)
    case .probe(let probe): probe.handler(.now - probe.started)
    case nil: break  // late: the call was cancelled or timed out
    }
  }

  /// The upstream asks us. No client capability was announced, so only `ping` has an answer (contract §6.6).
  private func asked(_ id: RequestID, _ method: String) {
    if method == "ping" {
      send(JSONRPCWriter.result(id: id, .emptyObject))
    } else {
      send(
        JSONRPCWriter.error(
          id: id, code: MCPErrorCode.methodNotFound, message: "this client does not offer \(method)"))
    }
  }

  private func notified(_ method: String, _ params: JSONSlice?) {
    let changed = ListKind.allCases.filter { $0.changeNotification == method }
    if !changed.isEmpty {
      listChanged(changed)
    } else if method == "notifications/progress", let params, let token = params.member("progressToken")?.int,
      let call = calls[token], call.frame.wantsProgress
    {
      handlers.progress(call.frame.operation, params)
    }
  }

  private func unreadable(_ bytes: [UInt8], _ error: JSONRPCError) {
    switch error {
    case .noContent(.int(let id)?):
      // An answer without `result` and without `error` counts as an empty one (contract §3.2).
      answered(Int(id), .success(nil))
    case .batch:
      // 2025-03-26 allows batches; each element is a message of its own.
      guard let batch = try? JSONSlice(validating: bytes, limits: .upstream) else { return }
      for element in batch.elements {
        guard let message = try? JSONRPCMessage(element) else { continue }
        dispatch(message)
      }
    default:
      if case .int(let id)? = error.id {
        unusable(Int(id), CallFailure(.badAnswer, "its answer is no valid JSON-RPC: \(error)"))
      } else {
        log("not a protocol message on stdout: \(String(decoding: bytes.prefix(200), as: UTF8.self))")
      }
    }
  }

  /// An answer that is too large costs its own request, if its id can be read from its beginning.
  private func oversized(_ prefix: [UInt8]) {
    log("a message of over \(StdioProcess.longestLine) bytes was dropped")
    guard let id = MessagePrefix.integerID(in: prefix) else { return }
    unusable(id, CallFailure(.answerTooLarge, "its answer is over \(StdioProcess.longestLine) bytes"))
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

  // MARK: Log

  func log(_ line: String) {
    tail.add(Array(line.utf8))
    handlers.hasLog()
  }

  func takeLog() -> (lines: [String], dropped: Int) { tail.takeBatch() }
}
