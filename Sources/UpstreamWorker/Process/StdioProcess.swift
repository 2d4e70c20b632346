import Glibc
import Platform
import Protocol

/// An upstream's process and its three pipes. Loop-confined.
///
/// The process starts through `warmplane-exec`, which makes it the leader of a session, ties its life to the worker's
/// and execs the command, without a shell. It is over (`onGone`) when the process has ended *and* nothing below this
/// worker is left: grandchildren die with it.
final class StdioProcess {
  private static let longestErrorLine = 64 * 1024
  /// Between the end of the output and the exit that explains it.
  private static let exitPatience = Duration.milliseconds(20)

  /// A message line, or an oversized one that was dropped.
  var onLine: ((LineDecoder.Line) -> Void)?
  /// A line of stderr.
  var onErrorLine: (([UInt8]) -> Void)?
  /// Bytes were written and none wait any more.
  var onDrained: (() -> Void)?
  /// Called once, as soon as the process has ended or its stdout is closed: no answer will come any more.
  var onEnded: ((String) -> Void)?
  /// Called once, when the whole tree is dead.
  var onGone: (() -> Void)?

  private enum Phase { case running, ending, sweeping, gone }

  private let loop: EventLoop
  private let thread: BlockingThread
  private let child: ChildProcess
  private let output: ByteChannel
  private let errors: ByteChannel
  private var outputLines = LineDecoder(limit: IncomingMessage.longest)
  private var errorLines = LineDecoder(limit: StdioProcess.longestErrorLine)
  private var phase = Phase.running
  private var ladder: [TeardownStep] = []
  private var ladderTimer: Timer?
  /// Bytes that were handed to the pipe's queue since the start.
  private(set) var acceptedBytes = 0

  /// Starts the process of `launch`; `mark` finds everything it starts. `helper`: path of `warmplane-exec`.
  init(
    loop: EventLoop, reaper: Reaper, thread: BlockingThread, launch: StdioLaunch, mark: String, helper: String
  ) throws(SystemError) {
    self.loop = loop
    self.thread = thread
    var input = try OwnedDescriptor.pipe()
    var output = try OwnedDescriptor.pipe()
    var errors = try OwnedDescriptor.pipe()
    var plan = SpawnPlan(
      program: helper,
      arguments: [helper, "--parent", "\(getpid())", "--cwd", launch.directory, "--", launch.command]
        + launch.arguments,
      environment: launch.environment + ["\(ProcessTree.markVariable)=\(mark)"])
    plan.input = input.takeFirst()
    plan.output = output.takeSecond()
    plan.error = errors.takeSecond()
    // The helper calls setsid itself: the process group must exist before the parent-death signal is armed.
    plan.newSession = false
    child = try ChildProcess(loop: loop, reaper: reaper, plan: plan)
    self.output = ByteChannel(loop: loop, reading: output.takeFirst(), writing: input.takeSecond())
    self.errors = ByteChannel(loop: loop, reading: errors.takeFirst(), writing: nil)
  }

  var pid: Int32 { child.pid }

  /// Starts to read. Set the handlers first.
  func start() throws(SystemError) {
    output.onBytes = { [weak self] bytes in self?.outputLines.feed(bytes) { line in self?.onLine?(line) } }
    output.onEnd = { [weak self] _ in self?.pipeEnded("closed its output") }
    output.onWritingBroken = { [weak self] in self?.pipeEnded("closed its input") }
    output.onDrained = { [weak self] in self?.onDrained?() }
    errors.onBytes = { [weak self] bytes in
      self?.errorLines.feed(bytes) { line in
        if case .line(let text) = line { self?.onErrorLine?(text) }
      }
    }
    child.onExit = { [weak self] status in self?.childExited(status) }
    try output.start()
    try errors.start()
  }

  // MARK: Writing

  /// Bytes that the pipe has not taken yet.
  var queuedBytes: Int { output.queuedBytes }

  /// Bytes that the pipe took since the start.
  var writtenBytes: Int { output.writtenBytes }

  /// Queues one message and its line feed.
  func write(_ line: [UInt8]) {
    guard phase == .running else { return }
    acceptedBytes += line.count + 1
    output.write { queue in
      queue.append(contentsOf: line)
      queue.append(0x0a)
    }
  }

  // MARK: Ending

  /// Walks down the teardown ladder, waiting `grace` on each step. Idempotent. `onGone` tells the end.
  func stop(grace: Duration) {
    guard phase == .running else { return }
    phase = .ending
    ladder = TeardownStep.ladder(grace: grace)
    nextStep()
  }

  private func nextStep() {
    guard phase == .ending else { return }
    guard !ladder.isEmpty else { return sweep() }
    let step = ladder.removeFirst()
    switch step.act {
    case .closeInput: output.closeWriting()
    case .signalGroup(let signal): kill(-child.pid, signal)
    }
    ladderTimer = loop.schedule(after: step.patience) { [weak self] in self?.nextStep() }
  }

  /// A process that dies closes its pipes a moment before its exit can be seen: wait for the better reason, but not
  /// long. One that goes on living with one of them closed is of no use any more, and is ended.
  private func pipeEnded(_ detail: String) {
    guard phase == .running else { return }
    loop.schedule(after: Self.exitPatience) { [weak self] in
      guard let self, phase == .running else { return }
      tellEnded(detail)
      stop(grace: .milliseconds(500))
    }
  }

  private func childExited(_ status: ExitStatus) {
    ladderTimer?.cancel()
    let wasRunning = phase == .running
    // A sweep that runs goes on alone: a second one would find the next process.
    if wasRunning { phase = .ending }
    // What it wrote last (an answer, an error message) is still in the pipes.
    output.drainReading()
    errors.drainReading()
    errorLines.finish { line in
      if case .line(let text) = line { onErrorLine?(text) }
    }
    if wasRunning { tellEnded("\(status)") }
    sweep()
  }

  private func tellEnded(_ detail: String) {
    let handler = onEnded
    onEnded = nil
    handler?(detail)
  }

  /// Kills what is left below this worker, whatever session it fled to, then reports the end.
  private func sweep() {
    guard phase != .sweeping, phase != .gone else { return }
    phase = .sweeping
    ladderTimer?.cancel()
    let worker = getpid()
    let loop = self.loop
    let box = LoopBound(self)
    let isAccepted = thread.submit {
      _ = ProcessTree.killAll { ProcessTree.descendants(of: worker) }
      loop.perform { box.value.swept() }
    }
    if !isAccepted { swept() }
  }

  private func swept() {
    guard phase != .gone else { return }
    phase = .gone
    output.close()
    errors.close()
    tellEnded("was stopped")
    let handler = onGone
    onGone = nil
    onLine = nil
    onErrorLine = nil
    onDrained = nil
    handler?()
  }
}
