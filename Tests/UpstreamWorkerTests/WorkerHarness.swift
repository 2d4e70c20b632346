import Foundation
import Glibc
import Platform
import Protocol
import Synchronization
import TestSupport

/// A worker as a real process, and its upstream: does what the supervisor does. Everything in its own directory.
///
/// The listening socket is made here and passed as descriptor 3; each `connect()` is another supervisor.
final class WorkerHarness: Sendable {
  let thread: LoopThread
  let scratch: ScratchDirectory
  let socketPath: String
  let process: TestProcess
  let fake: String
  /// What must live as long as the worker.
  let kept = Mutex<[any AnyObject & Sendable]>([])

  private init(thread: LoopThread, scratch: ScratchDirectory, process: TestProcess, fake: String) {
    self.thread = thread
    self.scratch = scratch
    self.process = process
    self.fake = fake
    socketPath = scratch.file("worker.sock")
  }

  deinit { process.kill(9) }

  /// Starts a worker; nothing is said to it.
  static func start() async throws -> WorkerHarness {
    let thread = try LoopThread()
    let scratch = try ScratchDirectory()
    let program = try ProductPath.of("warmplane-worker")
    let fake = try ProductPath.of("warmplane-fake-upstream")
    let path = scratch.file("worker.sock")
    let process = try await TestProcess.start {
      let listener = try UnixSocket.listen(at: path, backlog: 8)
      var plan = SpawnPlan(
        program: program, arguments: ["warmplane-worker", "--server", "test"],
        environment: ["SWIFT_BACKTRACE=enable=no"])
      plan.passed = consume listener
      return plan
    }
    return WorkerHarness(thread: thread, scratch: scratch, process: process, fake: fake)
  }

  /// A new connection that has said nothing.
  func dial() async throws -> WorkerClient {
    try await thread.run { _ in try WorkerClient(self) }
  }

  /// A new supervisor: connection, hello, snapshot.
  func connect() async throws -> (WorkerClient, WorkerSnapshot) {
    let client = try await dial()
    return (client, try await client.hello())
  }

  // MARK: The upstream

  /// What the fake upstream wrote into its journal, line by line.
  var journal: [String] { lines(of: "journal") }

  func lines(of name: String) -> [String] {
    guard let text = try? String(contentsOfFile: scratch.file(name), encoding: .utf8) else { return [] }
    return text.split(separator: "\n").map(String.init)
  }

  /// The launch of the fake upstream with `flags`; its journal is always on.
  func launch(
    _ flags: [String] = [], era: ProtocolRevision.Era? = nil, command: String? = nil, startTimeout: Int = 20_000,
    discoverTimeout: Int = 5_000, orphanSeconds: Int = 10, fingerprint: String = "f1"
  ) -> UpstreamLaunch {
    UpstreamLaunch(
      server: "test", fingerprint: fingerprint, mark: mark,
      transport: .stdio(
        StdioLaunch(
          command: command ?? fake,
          arguments: command == nil ? ["--journal", scratch.file("journal")] + flags : flags,
          environment: ["PATH=/usr/bin:/bin", "SWIFT_BACKTRACE=enable=no", "COLOUR=blue"], directory: scratch.path)),
      startTimeoutMilliseconds: startTimeout, discoverTimeoutMilliseconds: discoverTimeout, graceMilliseconds: 100,
      orphanSeconds: orphanSeconds, era: era)
  }

  /// Distinguishes this harness's processes from all others.
  var mark: String { OperationID(high: 0, low: UInt64(UInt32(process.pid))).description }

  /// Starts a worker, connects and starts the fake upstream with `flags`.
  static func ready(
    _ flags: [String] = [], era: ProtocolRevision.Era? = .legacy
  ) async throws -> (WorkerHarness, WorkerClient, UpstreamSession) {
    let harness = try await start()
    let (client, _) = try await harness.connect()
    let session = try await client.start(harness.launch(flags, era: era))
    return (harness, client, session)
  }
}

/// A child of the tests, seen from any thread.
final class TestProcess: Sendable {
  let pid: Int32
  private let status = Mutex<ExitStatus?>(nil)
  private let child: LoopBound<ChildProcess>

  /// Starts what `plan` makes.
  static func start(_ plan: @escaping @Sendable () throws -> SpawnPlan) async throws -> TestProcess {
    try await TestReaper.thread.get().run { on in
      try TestProcess(loop: on.loop, reaper: TestReaper.reaper.get().value, plan: plan())
    }
  }

  private init(loop: EventLoop, reaper: Reaper, plan: consuming SpawnPlan) throws {
    let child = try ChildProcess(loop: loop, reaper: reaper, plan: plan)
    pid = child.pid
    self.child = LoopBound(child)
    child.onExit = { [weak self] status in self?.status.withLock { $0 = status } }
  }

  var exitStatus: ExitStatus? { status.withLock { $0 } }

  /// Callable from every thread.
  func kill(_ signal: Int32) { if exitStatus == nil { Glibc.kill(pid, signal) } }
}

/// Where the children of the tests are waited for: a loop that outlives every test, so that no child that a test killed
/// at its end stays a zombie. One zombie is enough to hang all exit tests of the process, whose waiting looks at any
/// child that has ended. For the same reason the test process adopts no orphans.
private enum TestReaper {
  static let thread = Result { try LoopThread() }
  /// Used on that loop only; it is told of nothing, because each child has a pidfd.
  static let reaper = Result { LoopBound(try Reaper(adoptsOrphans: false)) }
}

extension UpstreamSession {
  /// The process of a stdio upstream, which always has one.
  var processID: Int32 { pid! }
}
