import Configuration
import Glibc
package import Platform
import Protocol
package import Telemetry

/// Keeps one worker process per configured server: starts, watches, restarts and ends them, and carries operations to
/// them. Runs on the daemon's loop; what it decides is decided by `ServerMachine`.
package actor WorkerSupervisor {
  let loop: EventLoop
  var settings: SupervisorSettings
  let log: Logger
  let reaper: Reaper
  /// Reads `/proc` when remains of an upstream must be found.
  let files: BlockingThread
  let launcher: WorkerLauncher
  let credentials: CredentialWatch
  /// Children that this process had before it started any: of a script that exec'ed the daemon. Not ours to end.
  let inheritedChildren: Set<Int32>
  weak var delegate: (any SupervisorDelegate)?

  /// In the order of the configuration.
  private(set) var servers: [ServerRuntime] = []
  private var serversByID: [String: ServerRuntime] = [:]
  /// Servers that are not configured any more and have not ended yet.
  var retired: [ServerRuntime] = []
  private var nextIndex = 0
  /// Workers of an earlier daemon that have not said who they are.
  var unidentified = 0
  /// Everything that an earlier daemon left is known: adopted, or being ended.
  package internal(set) var hasIdentifiedWorkers = false
  /// Workers of an earlier daemon that finish what they have and end.
  var draining: [DrainingWorker] = []
  private var slots: StartSlots
  var active: [OperationID: ActiveOperation] = [:]
  /// What clients want to hear of servers, by server.
  var interests: [String: Interests] = [:]
  var isStopping = false
  /// The workers are the next daemon's already.
  var isGivingWay = false
  private var omissions: [String: [String]] = [:]
  private var stopWaiters: [CheckedContinuation<Void, Never>] = []

  package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  package init(loop: EventLoop, settings: SupervisorSettings, log: Logger) throws(SystemError) {
    self.loop = loop
    self.settings = settings
    self.log = log
    reaper = try Reaper()
    files = try BlockingThread(name: "supervisor-proc")
    credentials = try CredentialWatch(loop: loop, look: settings.credentialStore)
    inheritedChildren = Set(ProcessTree.children(of: getpid()))
    slots = StartSlots(capacity: settings.startSlots)
    launcher = WorkerLauncher(program: "\(settings.programDirectory)/warmplane-worker")
  }

  // MARK: Life

  /// Enters the configured servers and begins to start them, a few at a time. Returns at once.
  package func boot(delegate: any SupervisorDelegate) {
    self.delegate = delegate
    replaceServers(settings.configuration.servers.map(makeRuntime))
    log.info("booting upstream MCP servers", [LogField("server_count", servers.count)])
    watchCredentials()
    adoptWorkers()
    for server in servers where server.machine.isImpossible { reportSkipped(server) }
  }

  /// Ends all servers, cleanly first; returns when nothing of them is left.
  package func stop() async {
    isStopping = true
    for server in servers { handle(.stop, server) }
    for worker in draining { end(worker.link, worker) }
    if hasStopped { return }
    await withCheckedContinuation { stopWaiters.append($0) }
  }

  /// Sends SIGKILL to every worker: the second signal of somebody in a hurry.
  package func killEverything() {
    for server in servers + retired { server.link?.process.send(signal: 9) }
    for worker in draining { worker.link.process.send(signal: 9) }
  }

  /// To be called at `SIGCHLD`.
  package func childrenChanged() { reaper.childrenChanged() }

  /// Ids of servers that the front leaves out because another server has them, one sentence each. Also before `boot`:
  /// what is known of earlier runs counts.
  package func noteOmissions(_ sentences: [String: [String]]) {
    omissions = sentences
    for server in servers { server.machine.omissions = sentences[server.id] ?? [] }
  }

  func makeRuntime(_ entry: ServerEntry) -> ServerRuntime {
    // Never the index of a server that may still be ending: the index names its socket.
    defer { nextIndex += 1 }
    return ServerRuntime(entry: entry, index: nextIndex, launch: LaunchPlan(entry, settings))
  }

  /// Keeps new workers away from the socket of one that lives.
  func reserve(_ index: Int) { nextIndex = max(nextIndex, index + 1) }

  func replaceServers(_ runtimes: [ServerRuntime]) {
    servers = runtimes
    for server in runtimes { server.machine.omissions = omissions[server.id] ?? [] }
    serversByID = Dictionary(runtimes.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func server(_ id: String) -> ServerRuntime? { serversByID[id] }

  // MARK: The machine's shell

  /// Tells a server's machine what happened and does what it says.
  func handle(_ event: ServerEvent, _ server: ServerRuntime) {
    let actions = server.machine.handle(event, now: .now, jitter: .random(in: 0...1))
    for action in actions { perform(action, server) }
    let told = ServerRuntime.Told(server.machine)
    if told != server.told {
      server.told = told
      let id = server.id
      delegate?.assumeIsolated { $0.readinessChanged(server: id) }
    }
    if server.machine.state == .stopped { retiredMayBeGone(server) }
    stopMayBeComplete()
  }

  func stopMayBeComplete() {
    guard isStopping, !stopWaiters.isEmpty, hasStopped else { return }
    let waiters = stopWaiters
    stopWaiters = []
    for waiter in waiters { waiter.resume() }
  }

  private var hasStopped: Bool {
    retired.isEmpty && draining.isEmpty && servers.allSatisfy { $0.machine.state == .stopped }
  }

  private func perform(_ action: ServerAction, _ server: ServerRuntime) {
    switch action {
    case .requestSlot: if slots.request(server.id) { handle(.slotGranted, server) }
    case .releaseSlot: releaseSlot(of: server)
    case .start: start(server)
    case .endWorker: endWorker(of: server)
    case .scheduleRetry(let delay):
      server.retryTimer = loop.schedule(after: delay) { self.handle(.retryDue, server) }
    case .cancelRetry: server.retryTimer?.cancel()
    case .scheduleStability:
      server.stabilityTimer = loop.schedule(after: ServerMachine.stablePeriod) { self.handle(.stable, server) }
    case .cancelStability:
      server.stabilityTimer?.cancel()
      server.probeTimer?.cancel()
    case .releaseWaiters: releaseWaiters(of: server)
    case .failWaiters: failWaiters(of: server)
    case .reportReady: reportReady(server)
    case .reportSkipped: reportSkipped(server)
    case .reportEnded:
      log.warn(
        "upstream server ended",
        fields(server) + [
          LogField("code", server.machine.code.rawValue), LogField("detail", server.machine.lastFailure?.detail),
        ])
    case .reportRestarting(let attempt, let delay):
      log.warn(
        "upstream server restarting",
        fields(server) + [LogField("attempt", attempt), LogField("delay_ms", delay.wholeMilliseconds)])
    }
  }

  private func releaseSlot(of server: ServerRuntime) {
    server.slotTimer?.cancel()
    guard let next = slots.release(), let nextServer = self.server(next) else { return }
    handle(.slotGranted, nextServer)
  }

  private func reportReady(_ server: ServerRuntime) {
    server.readySince = .now
    server.timeoutsInRow = 0
    let duration = server.attemptStarted.map { MonotonicTime.now.milliseconds(since: $0) }
    log.info("upstream server ready", fields(server) + [LogField("duration_ms", duration)])
    scheduleProbe(server)
  }

  func reportSkipped(_ server: ServerRuntime) {
    let code = server.machine.code
    log.warn(
      server.machine.wasUp ? "upstream server ended" : "skipping upstream server during startup",
      fields(server) + [
        LogField("code", code.rawValue), LogField("detail", server.machine.message(server: server.id)),
        LogField("retryable", code.isRetryable),
      ])
  }

  func fields(_ server: ServerRuntime) -> [LogField] { [LogField("server_id", server.id)] }
}
