import Configuration
import Glibc
package import Platform
package import Protocol
package import Supervisor
package import Telemetry

/// Routes the requests of all surfaces to the right worker: decode, policy, lookup, server, call, in this order
/// (contract §3.4). Runs on the daemon's loop; a request that meets a ready server crosses no thread and no task.
package actor FrontRouter {
  let loop: EventLoop
  var settings: FrontSettings
  let supervisor: WorkerSupervisor
  let log: Logger
  /// Where the spans of operations go; nil unless traces are exported.
  private(set) var spans: (any SpanRecorder)?
  private(set) var observer: (any FrontObserver)?
  var policy: Policy
  var redaction: Redaction
  var catalog: Catalog
  var reportedOmissions: [Omission] = []
  /// Those of the configuration that were asked for so far.
  var scopes: [ScopeName: Scope] = [:]
  var reportedFaults: [EntryFault] = []
  private let keeper: (any CatalogKeeper)?
  /// Nothing was known of any server when the daemon started: first lists wait for first starts (contract §3.4).
  private(set) var startedWithoutCatalog = true
  /// Servers whose first attempt is noted.
  private var attempted: Set<String> = []
  var mcp = MCPFront()
  let mcpHTTP: MCPHTTPFront
  /// What MCP clients have subscribed, and their log levels.
  lazy var interests = makeInterests()
  var operations: [OperationID: FrontOperation] = [:]
  /// What an earlier daemon was asked for.
  var adopted = AdoptedOperations()
  /// What waits until every worker of the earlier daemon is known.
  var awaitingWorkers = WaitingRoom<() -> Void>()
  /// Requests of an earlier daemon that this one carried out, because nobody had. As many as bridges had in flight then.
  var carriedOutAnew: Set<RequestOrigin.Key> = []
  var idempotency: IdempotencyFront
  /// When this daemon began.
  let birth = MonotonicTime.now
  /// Tells operations that this daemon took from those of others: random.
  let name: String
  /// Lists that wait for servers in their first start.
  var waitingLists = WaitingRoom<WaitingList>()
  var http: HTTPServer?
  /// The address that `http` has, whatever a later configuration says.
  private(set) var httpAddress = ""
  private var httpFront: HTTPFront?
  /// Reads the configuration file when it is to be applied anew.
  let files: BlockingThread
  var httpError: String?
  var control: ControlServer?
  var isStopping = false
  /// Another daemon goes on with what is under way.
  var isHandingOver = false
  /// Nil without a ring of records.
  var logStream: LogStream?
  /// Nil in a daemon that runs for ever.
  var idleWatch: IdleWatch?
  /// Called with the reason when a client asked the daemon to stop, or none was there for too long.
  private var onStopRequest: (@Sendable (String) -> Void)?
  /// Called with a program's path when a client asked that it takes this one's place.
  private var onUpgradeRequest: (@Sendable (String) -> Void)?
  private var drained: CheckedContinuation<Void, Never>?
  var random = BufferedRandom()

  package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  package init(
    loop: EventLoop, settings: FrontSettings, supervisor: WorkerSupervisor,
    keeper: (any CatalogKeeper & IdempotencyKeeper)?, log: Logger
  ) throws(SystemError) {
    self.keeper = keeper
    idempotency = IdempotencyFront(keeper: keeper)
    name = OperationID.random().description
    files = try BlockingThread(name: "front-files")
    self.loop = loop
    mcpHTTP = MCPHTTPFront(loop: loop)
    self.settings = settings
    self.supervisor = supervisor
    self.log = log
    policy = Policy(settings.configuration.policy)
    redaction = Redaction(keys: settings.configuration.policy.redactKeys)
    catalog = Catalog(settings.configuration)
  }

  // MARK: Life

  /// Hands the spans of all operations to `recorder` from now on.
  package func recordSpans(with recorder: LoopBound<any SpanRecorder>) { spans = recorder.value }

  /// Tells `observer` what happens from now on.
  package func report(to observer: LoopBound<any FrontObserver>) { self.observer = observer.value }

  /// Opens the control socket's sessions on `socket`, for those whom `rule` lets in.
  package func serveControl(
    _ socket: OwnedDescriptorBox, rule: PeerRule, onStopRequest: @escaping @Sendable (String) -> Void,
    onUpgradeRequest: @escaping @Sendable (String) -> Void
  ) throws(SystemError) {
    self.onStopRequest = onStopRequest
    self.onUpgradeRequest = onUpgradeRequest
    let control = try ControlServer(loop: loop, socket: socket.take(), rule: rule)
    control.identity = { session, writer in
      writer.beginObject()
      writer.member("version", WarmplaneVersion.current)
      writer.member("pid", Int(getpid()))
      writer.member("config", self.settings.configurationPath)
      writer.member("instance", self.name)
      if let exposure = session.exposure { writer.member("exposure", exposure.rawValue) }
      if let server = session.directServer { writer.member("direct", server) }
      writer.endObject()
    }
    control.onRequest = { self.control($0, $1, $2, $3) }
    control.onBridge = { self.attachMCP($0) }
    control.onEnd = { session in
      self.detachMCP(session)
      for abandon in session.abandons.values { abandon() }
      self.sessionEnded(session)
    }
    control.onRefusal = { self.log.warn("control request refused", [LogField("detail", $0)]) }
    self.control = control
  }

  /// Opens `/v1`, on the listening socket `inherited` if that is one of this address. Throws when the address or port
  /// cannot be had.
  package func serveHTTP(address: String, port: Int, inherited: Int32? = nil) throws(HTTPServerError) {
    httpAddress = address
    makeHTTPFront()
    let server = try HTTPServer(loop: loop, address: address, port: port, inherited: inherited, limits: httpLimits) {
      self.httpFront?.receive($0)
    }
    http = server
    log.info("daemon listening", [LogField("address", address), LogField("port", server.port)])
  }

  /// The way of HTTP requests under the current configuration.
  func makeHTTPFront() {
    let configuration = settings.configuration
    let requestGuard = RequestGuard(
      allowedHosts: configuration.allowedHosts, allowedOrigins: configuration.allowedOrigins)
    httpFront = HTTPFront(
      requestGuard: requestGuard, traceID: { self.trace(of: $0).traceID.description }, sink: self,
      mcp: mcpAccess(to: mcpHTTP.shared))
    makeMCPFronts()
  }

  var httpLimits: HTTPLimits {
    var limits = HTTPLimits()
    limits.bodyBytes = settings.opened.maxBodyBytes
    return limits
  }

  /// The port of `/v1`; nil without HTTP.
  package var port: Int? { http?.port }

  /// Stops accepting and lets running operations end for `grace`; the rest is cancelled. Answers are flushed.
  package func drain(grace: Duration) async {
    isStopping = true
    control?.stopAccepting()
    answerWaitingLists()
    if !operations.isEmpty {
      let timer = loop.schedule(after: grace) { self.finishDraining() }
      await withCheckedContinuation { drained = $0 }
      timer.cancel()
    }
    // Those that wait for the outcome of another are answered with it.
    for id in Array(operations.keys) where !idempotency.book.waits(id) { giveUp(id) }
    for id in Array(operations.keys) { giveUp(id) }
  }

  private func giveUp(_ id: OperationID) {
    let cancellation = supervisor.assumeIsolated { $0.cancel(id) }
    let mayHaveRun = cancellation.wasSent || idempotency.book.waits(id)
    if let operation = operations[id] { recordRequest(of: operation, nil, sentAt: cancellation.sentAt) }
    let unknown = OperationFailure(
      status: 503, code: .serverUnreachable, message: "The daemon is stopping; this was cancelled and may have run.",
      isRetryable: true, reason: "outcome_unknown")
    finish(id, .failure(mayHaveRun ? unknown : FailureMapping.stopping))
  }

  private func finishDraining() {
    drained?.resume()
    drained = nil
  }

  func operationsChanged() { if operations.isEmpty { finishDraining() } }

  /// Closes all surfaces. After `drain`.
  package func close() async {
    endMCPHTTP(isHandOver: false)
    await closeMCPPort()
    if let http {
      await withCheckedContinuation { continuation in http.stop(grace: .seconds(1)) { continuation.resume() } }
    }
    http = nil
    logStream?.close()
    control?.close()
    control = nil
  }

  func requestStop(_ reason: String) { onStopRequest?(reason) }

  func requestUpgrade(to program: String) { onUpgradeRequest?(program) }

  // MARK: Kept catalogs

  /// Takes what earlier runs knew of the configured servers. Reads a file: before the loop runs.
  package func restoreCatalog() {
    let entries = Dictionary(
      settings.configuration.servers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for kept in keeper?.load() ?? [] {
      startedWithoutCatalog = false
      guard let entry = entries[kept.server], !entry.disabled, entry.fingerprint == kept.fingerprint else { continue }
      attempted.insert(kept.server)
      if let lists = kept.lists { catalog.set(server: kept.server, ServerCatalog(lists)) }
    }
    catalogMayHaveChanged()
  }

  /// Keeps a server's lists for the next run.
  func keepCatalog(of server: String, _ lists: ServerCatalog) {
    guard let keeper, let entry = settings.configuration.servers.first(where: { $0.id == server }) else { return }
    attempted.insert(server)
    keeper.keep(KeptCatalog(server: server, fingerprint: entry.fingerprint, lists: lists.raw))
  }

  /// Notes the end of a first attempt that gave no lists.
  func noteAttempt(of server: String) {
    guard let keeper, !attempted.contains(server),
      let entry = settings.configuration.servers.first(where: { $0.id == server }),
      let readiness = supervisor.assumeIsolated({ $0.readiness(of: server) }), readiness.code != .starting,
      readiness.code != .ready
    else { return }
    attempted.insert(server)
    keeper.noteAttempt(server: server, fingerprint: entry.fingerprint)
  }

  func forgetRemovedServers() {
    // Lists never wait for servers that a reload adds.
    startedWithoutCatalog = false
    keeper?.forget(except: settings.configuration.servers.map(\.id))
  }

  // MARK: Trace

  /// Continues the client's trace, or begins one (contract §3.2).
  func trace(continuing traceparent: String?) -> TraceContext {
    if let traceparent, let parent = TraceContext(traceparent: traceparent) { return parent.child(using: &random) }
    return .generate(using: &random)
  }

  func trace(of exchange: HTTPExchange) -> TraceContext { trace(continuing: exchange.header("traceparent")) }
}

// MARK: HTTPRequestSink

extension FrontRouter: HTTPRequestSink {
  // Called on the loop, within the HTTP library's call.
  package nonisolated func admit(_ exchange: HTTPExchange) -> OperationFailure? {
    assumeIsolated { $0.takeScope(exchange) }
  }

  package nonisolated func handle(_ route: V1Route, _ exchange: HTTPExchange) {
    assumeIsolated { $0.route(route, exchange) }
  }

  private func route(_ route: V1Route, _ exchange: HTTPExchange) {
    switch route {
    case .listCapabilities(let wait): list(.capability, exchange, wait: wait)
    case .listResources(let wait): list(.resource, exchange, wait: wait)
    case .listPrompts(let wait): list(.prompt, exchange, wait: wait)
    case .describeCapability(let id): describeCapability(exchange, id, trace: trace(of: exchange))
    case .callTool: operate(.capability, exchange)
    case .readResource: operate(.resource, exchange)
    case .getPrompt: operate(.prompt, exchange)
    case .cancelOperation(let requestID): cancelOperations(exchange, requestID, trace: trace(of: exchange))
    case .listRecords: listRecords(exchange, trace: trace(of: exchange))
    }
  }

  private func operate(_ kind: EntryKind, _ exchange: HTTPExchange) {
    let decoded = OperationRequest.decode(kind, exchange.body).flatMap { $0.keyed(by: exchange.head) }
    operate(kind, exchange, decoded, trace: trace(of: exchange))
  }
}
