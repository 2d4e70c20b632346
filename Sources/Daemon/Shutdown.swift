import Front
import Glibc
import Platform
import Supervisor
import Telemetry

/// The end of the daemon. Either of everything: clients first, then upstreams, then the loop. Or of this process alone:
/// the workers keep their upstreams for the next daemon. A second request ends it at once. Runs on the loop, where signals
/// and requests arrive.
actor Shutdown {
  /// What comes after the loop.
  enum Sequel {
    case exit
    /// Another program takes this one's place in the same process, and goes on with the listening sockets.
    case become(String, control: Int32, ListeningSockets)
  }

  /// How long a hand-over may wait for a collector: nobody serves meanwhile.
  private static let handOverFlushTime = Duration.milliseconds(500)
  /// How long the end may.
  private static let flushTime = Duration.seconds(3)

  private let loop: EventLoop
  private let front: FrontRouter
  private let supervisor: WorkerSupervisor
  private let traces: TraceExport?
  private let report: ServiceReport
  private let log: Logger
  /// Files that tell clients to wait for the next daemon.
  private let managedMarks: [String]
  private let drainTime: Duration
  private var hasBegun = false
  private(set) var sequel = Sequel.exit
  /// Why it ends, for the log.
  private(set) var reason = ""

  init(
    loop: EventLoop, front: FrontRouter, supervisor: WorkerSupervisor, traces: TraceExport?,
    report: LoopBound<ServiceReport>, log: Logger, managedMarks: [String], drainTime: Duration
  ) {
    self.report = report.value
    self.log = log
    self.managedMarks = managedMarks
    self.loop = loop
    self.front = front
    self.supervisor = supervisor
    self.traces = traces
    self.drainTime = drainTime
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// Ends everything, for the `reason` that the log tells. Returns at once.
  func begin(_ reason: String) {
    guard !hasBegun else {
      supervisor.assumeIsolated { $0.killEverything() }
      return loop.stop()
    }
    hasBegun = true
    note(reason, workers: "end")
    report.stops()
    // Nobody is to be waited for.
    for path in managedMarks { unlink(path) }
    // Who comes now finds nobody, and waits for the lock with a daemon of its own.
    front.assumeIsolated { $0.stopAccepting() }
    Task { await self.end() }
  }

  private func end() async {
    await front.drain(grace: drainTime)
    // No operation is left. The servers need their time to end anyway.
    let flush = Task { await traces?.flush(within: Self.flushTime) }
    await supervisor.stop()
    await front.close()
    await flush.value
    loop.stop()
  }

  private func note(_ reason: String, workers: String) {
    self.reason = reason
    log.info("daemon stopping", [LogField("reason", reason), LogField("workers", workers)])
  }

  /// Ends this daemon and leaves every worker with its upstream (contract §1.5, SIGUSR2). `successor`: path of the program
  /// that goes on in this process. Returns at once; without effect when an end has begun.
  func handOver(to successor: String? = nil, _ reason: String) {
    guard !hasBegun else { return }
    hasBegun = true
    note(reason, workers: "stay")
    if successor == nil { report.stops() } else { report.givesWay() }
    let control = successor == nil ? nil : front.assumeIsolated { $0.releaseControlSocket() }
    front.assumeIsolated { $0.stopAccepting() }
    Task {
      let sockets = await self.front.handOver(keepingSockets: successor != nil)
      if let successor, let control { self.sequel = .become(successor, control: control, sockets) }
      let flush = Task { await traces?.flush(within: Self.handOverFlushTime) }
      await self.supervisor.handOver()
      await flush.value
      self.loop.stop()
    }
  }
}
