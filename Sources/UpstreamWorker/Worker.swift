import Glibc
package import Platform
import Protocol
import Transport

/// One worker process: owns one upstream and its session, and serves the supervisor over its own socket.
///
/// It outlives the supervisor's connection: the session goes on, answers are kept until they are acknowledged, and
/// after `orphanSeconds` without a supervisor it ends the upstream cleanly and itself. Runs on the process's loop.
package actor Worker {
  /// Time a worker without an upstream waits for its first supervisor.
  private static let idlePatience = Duration.seconds(30)
  /// While this many bytes wait for the supervisor, log lines wait too.
  static let logBacklog = 256 * 1024

  let loop: EventLoop
  let reaper: Reaper
  let thread: BlockingThread
  let helper: String
  private var socket: OwnedDescriptor?
  private var listener: UnixListener?

  /// When it began to serve.
  private let startedAt = MonotonicTime.now
  /// The connection that said hello last, and connections that have not said it yet.
  private(set) var supervisor: FrameConnection?
  private var strangers: [FrameConnection] = []
  private var orphanTimer: Timer?

  var link: UpstreamLink?
  private var launch: UpstreamLaunch?
  /// The request that waits for the upstream's start.
  private var startRequest: Question?
  /// A start that waits until the last upstream's processes are dead.
  private var nextLaunch: UpstreamLaunch?
  private var shutdownRequest: Question?
  private var isShuttingDown = false
  var isLogScheduled = false
  var answers = AnswerBook()
  /// What clients want to hear of the upstream: of the last supervisor, until the next one says it anew.
  var interests = Interests.none
  var relays = RelayQueue()
  var isRelayScheduled = false

  /// A request that is answered later: to the connection it came from and no other, because the next supervisor counts
  /// its requests from 1 too.
  struct Question {
    let id: RequestID
    let connection: FrameConnection

    /// Does nothing when the connection is closed.
    func reply(_ frame: [UInt8]) { connection.send(frame) }
  }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// `socket`: a listening Unix socket; `helper`: path of `warmplane-exec`.
  package init(
    loop: EventLoop, socket: consuming OwnedDescriptor, helper: String
  ) throws(SystemError) {
    self.loop = loop
    self.socket = consume socket
    reaper = try Reaper()
    self.helper = helper
    thread = try BlockingThread(name: "worker-files")
  }

  /// Starts to accept supervisors. Once.
  package func serve() throws(SystemError) {
    guard let socket = socket.take() else { fatalError("a worker was told to serve twice") }
    listener = try UnixListener(loop: loop, socket: socket) { connection, _ in self.accept(connection) }
    armOrphanTimer()
  }

  /// To be called at `SIGCHLD`.
  package func childrenChanged() { reaper.childrenChanged() }

  // MARK: Connections

  private func accept(_ socket: consuming OwnedDescriptor) {
    guard let connection = try? FrameConnection(loop: loop, socket: socket) else { return }
    strangers.append(connection)
    connection.onMessage = { [unowned connection] payload in self.receive(payload, from: connection) }
    connection.onEnd = { [unowned connection] _ in self.connectionEnded(connection) }
    do { try connection.start() } catch { connectionEnded(connection) }
  }

  private func connectionEnded(_ connection: FrameConnection) {
    strangers.removeAll { $0 === connection }
    guard connection === supervisor else { return }
    supervisor = nil
    startRequest = nil
    if isShuttingDown { return }
    armOrphanTimer()
  }

  private func armOrphanTimer() {
    orphanTimer?.cancel()
    let patience = launch.map { Duration.seconds($0.orphanSeconds) } ?? Self.idlePatience
    orphanTimer = loop.schedule(after: patience) { self.shutDown() }
  }

  private func receive(_ payload: [UInt8], from connection: FrameConnection) {
    guard let message = try? JSONRPCMessage(parsing: payload) else {
      // Our own peer would never send it: not a supervisor.
      connection.close()
      return connectionEnded(connection)
    }
    switch message.kind {
    case .request(let id, WorkerMethod.hello): hello(id, message.params, connection)
    case .request(let id, let method) where connection === supervisor:
      request(Question(id: id, connection: connection), method, message.params)
    case .notification(let method) where connection === supervisor: notification(method, message.params)
    default: break
    }
  }

  /// Takes `connection` as the supervisor's, tells it everything, and sends what nobody acknowledged.
  private func hello(_ id: RequestID, _ params: JSONSlice?, _ connection: FrameConnection) {
    let hello = WorkerHello(params)
    guard let version = hello.commonFrameVersion else {
      return connection.send(
        JSONRPCWriter.error(
          id: id, code: MCPErrorCode.invalidParams,
          message:
            "no common frame version: this worker speaks \(WorkerMethod.frameVersions), not \(hello.frameVersions)"))
    }
    guard let predecessor = supervisor, predecessor !== connection else {
      return adopt(connection, id, version)
    }
    // What the last supervisor sent before it went is carried out, and the next one learns of it. Not in this call: the
    // bytes of the new connection that are being read share the loop's buffer.
    loop.atEndOfTurn {
      predecessor.drainReading()
      predecessor.close()
      if self.supervisor === predecessor {
        self.supervisor = nil
        self.startRequest = nil
      }
      if connection.isOpen { self.adopt(connection, id, version) }
    }
  }

  private func adopt(_ connection: FrameConnection, _ id: RequestID, _ version: Int) {
    strangers.removeAll { $0 === connection }
    supervisor = connection
    orphanTimer?.cancel()
    connection.send(JSONRPCWriter.result(id: id) { snapshot(version).write(to: &$0) })
    for frame in answers.all { connection.send(frame) }
    sendLog()
    sendHeldRelays()
  }

  private func snapshot(_ frameVersion: Int) -> WorkerSnapshot {
    WorkerSnapshot(
      frameVersion: frameVersion, pid: getpid(), startedAt: startedAt.nanoseconds, version: WarmplaneVersion.current,
      server: launch?.server ?? "",
      fingerprint: launch?.fingerprint ?? "", mark: launch?.mark ?? "", session: link?.snapshot,
      isStarting: nextLaunch != nil || (link.map { !$0.isOver && $0.snapshot == nil } ?? false),
      inFlight: link?.inFlight ?? [], unacknowledged: answers.operations, interests: interests,
      forgotten: answers.forgotten)
  }

  // MARK: Requests

  private func request(_ question: Question, _ method: String, _ params: JSONSlice?) {
    switch method {
    case WorkerMethod.call: call(question, params)
    case WorkerMethod.start: start(question, params)
    case WorkerMethod.readCatalog:
      let catalog = link?.catalog ?? UpstreamCatalog()
      question.reply(JSONRPCWriter.result(id: question.id) { catalog.write(to: &$0) })
    case WorkerMethod.probe: probe(question)
    case WorkerMethod.figures: figures(question)
    case WorkerMethod.shutdown:
      shutdownRequest = question
      shutDown()
    default:
      question.reply(
        JSONRPCWriter.error(id: question.id, code: MCPErrorCode.methodNotFound, message: "unknown method \(method)"))
    }
  }

  private func notification(_ method: String, _ params: JSONSlice?) {
    switch method {
    case WorkerMethod.cancel:
      if let operation = params?.member("operation")?.string.flatMap({ OperationID($0) }) { link?.cancel(operation) }
    case WorkerMethod.interests:
      interests = Interests(params)
      link?.want(interests)
    case WorkerMethod.acknowledge: answers.acknowledge(params?.member("operations")?.operations ?? [])
    default: break
    }
  }

  func reply(_ frame: [UInt8]) { supervisor?.send(frame) }

  // MARK: The upstream's life

  private func start(_ question: Question, _ params: JSONSlice?) {
    guard let params, let launch = UpstreamLaunch(params) else {
      return question.reply(
        JSONRPCWriter.error(id: question.id, code: MCPErrorCode.invalidParams, message: "incomplete launch"))
    }
    if !isShuttingDown, let running = self.launch, running.isSameStart(as: launch), let link, !link.isOver {
      // The supervisor that asked first has gone: the next one gets the result.
      if let session = link.snapshot {
        return question.reply(JSONRPCWriter.result(id: question.id) { session.write(to: &$0) })
      }
      if startRequest == nil {
        startRequest = question
        return
      }
    }
    let isQueued = nextLaunch != nil && startRequest != nil
    if isShuttingDown || isQueued || link.map({ !$0.isOver }) ?? false {
      return question.reply(
        JSONRPCWriter.error(id: question.id, code: MCPErrorCode.invalidRequest, message: "it runs already"))
    }
    if let problem = problem(with: launch) {
      return question.reply(JSONRPCWriter.error(id: question.id, code: 1, message: problem))
    }
    startRequest = question
    self.launch = launch
    if link == nil { startLink(launch) } else { nextLaunch = launch }
  }

  private func startLink(_ launch: UpstreamLaunch) {
    let link = UpstreamLink(
      loop: loop, launch: launch,
      handlers: UpstreamLink.Handlers(
        firstAnswer: { self.reply(JSONRPCWriter.notification(method: WorkerMethod.answered)) },
        started: { self.upstreamStarted($0) },
        ended: { self.upstreamEnded($0) },
        answer: { self.answered($0) },
        progress: { self.progressed($0, $1) },
        notification: { self.notified($0) },
        catalogChanged: { self.reply(JSONRPCWriter.notification(method: WorkerMethod.catalogChanged)) },
        hasLog: { self.scheduleLog() },
        gone: { self.upstreamGone() }))
    self.link = link
    link.want(interests)
    link.start { events in transport(launch, link.ids, events) }
  }

  private func upstreamStarted(_ result: Result<UpstreamSession, UpstreamEnd>) {
    sendLog()
    guard let question = startRequest else { return }
    startRequest = nil
    switch result {
    case .success(let session): question.reply(JSONRPCWriter.result(id: question.id) { session.write(to: &$0) })
    case .failure(let end):
      question.reply(
        JSONRPCWriter.error(id: question.id, code: 1, message: end.detail, data: end.members))
    }
  }

  private func upstreamEnded(_ end: UpstreamEnd) {
    sendLog()
    reply(
      JSONRPCWriter.notification(method: WorkerMethod.ended) { writer in
        writer.beginObject()
        writer.member("detail", end.detail)
        writer.member("lastWords", self.link?.lastWords)
        end.writeMembers(to: &writer)
        writer.endObject()
      })
  }

  private func upstreamGone() {
    link = nil
    if isShuttingDown { return finishShutdown() }
    if let next = nextLaunch {
      nextLaunch = nil
      startLink(next)
    }
  }

  // MARK: Shutdown

  /// Ends the upstream, its tree and then this process.
  package func shutDown() {
    guard !isShuttingDown else { return }
    isShuttingDown = true
    listener?.close()
    nextLaunch = nil
    if let link { link.stop() } else { finishShutdown() }
  }

  private func finishShutdown() {
    sendLog()
    if let question = shutdownRequest { question.reply(JSONRPCWriter.result(id: question.id, .emptyObject)) }
    supervisor?.flush()
    loop.stop()
  }
}
