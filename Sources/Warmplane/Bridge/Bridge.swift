import Glibc
import Platform
import Protocol

/// The program `warmplane mcp-server` while it runs: pumps lines of stdio to frames of the control socket and back, and
/// attaches to the next daemon when one goes away. On the loop of the process.
actor Bridge {
  /// After the end of standard input, how long what was read is still answered.
  private static let endPatience = Duration.seconds(2)
  /// How long a client that is gone, or stuck, may take to read its last answers.
  private static let flushPatience = Duration.seconds(5)
  /// How long requests wait for a daemon.
  private static let attachPatience = Duration.seconds(10)
  private static let helloPatience = Duration.seconds(10)
  /// Longest pause between two looks for a daemon, when nobody waits for it.
  private static let longestPause = Duration.seconds(1)
  /// What may wait before the other side is not read any more, in bytes.
  static let queueLimit = 8 << 20
  private static let heldLimit = 128 << 20

  enum Link {
    case none
    /// `hello` was sent.
    case greeting(BridgeLink)
    case attached(BridgeLink)
  }

  let loop: EventLoop
  private let attachment: BridgeAttachment
  private let thread: BlockingThread
  private let input: BridgeInput
  let output: ByteChannel
  private var lines = LineDecoder(limit: Frame.maximumLength)
  var ledger = BridgeLedger()
  var batches = BridgeBatches()
  private(set) var link = Link.none
  private var isSeeking = false
  /// Runs between two looks for a daemon.
  private var pause: Timer?
  private var failures = 0
  /// Since when requests wait for a daemon.
  private var waitingSince: MonotonicTime?
  private var isInputEnded = false
  private var endTimer: Timer?
  private var isFinishing = false
  var random = BufferedRandom()
  /// Tells the operations of this bridge from all others, for a daemon that did not take them itself.
  private let client = OperationID.random().description
  /// What the first daemon gave the client to see; nil before.
  private var granted: BridgeView.Granted?
  /// How the process ends, and why if it could not begin.
  private(set) var exitCode = ExitCode.success
  private(set) var failure: CommandFailure?

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  init(loop: EventLoop, attachment: BridgeAttachment) throws(SystemError) {
    self.loop = loop
    self.attachment = attachment
    thread = try BlockingThread(name: "attach")
    input = BridgeInput(loop: loop)
    output = ByteChannel(loop: loop, reading: nil, writing: OwnedDescriptor(owning: STDOUT_FILENO))
  }

  /// Begins with `socket`, which is connected to a daemon; runs until `loop` is stopped.
  func start(socket: Int32) throws(SystemError) {
    try output.start()
    output.onDrained = { self.outputDrained() }
    input.onBytes = { self.received($0) }
    input.onEnd = { self.inputEnded($0) }
    open(OwnedDescriptor(owning: socket))
    input.resume()
  }

  // MARK: Client

  private func received(_ bytes: UnsafeRawBufferPointer) {
    // The decoder must not be in use while its lines are.
    var complete: [LineDecoder.Line] = []
    lines.feed(bytes) { complete.append($0) }
    for line in complete { take(line) }
    balance()
  }

  private func inputEnded(_ error: SystemError?) {
    if error != nil { return finish(.failure) }
    var complete: [LineDecoder.Line] = []
    lines.finish { complete.append($0) }
    for line in complete { take(line) }
    isInputEnded = true
    endIfAnswered()
    boundEnd()
  }

  /// The time for the last answers begins when there is somebody to give them.
  private func boundEnd() {
    guard isInputEnded, endTimer == nil, case .attached = link else { return }
    endTimer = loop.schedule(after: Self.endPatience) { self.finish(.success) }
  }

  func endIfAnswered() {
    // The first daemon may still refuse what the client is to see.
    if case .greeting = link, granted == nil { return }
    if isInputEnded, ledger.isAnswered { finish(.success) }
  }

  private func outputDrained() {
    if case .attached(let link) = link { link.resumeReading() }
  }

  /// Reads the client only as fast as its requests go away.
  func balance() {
    guard !isInputEnded else { return }
    var isFull = ledger.heldBytes > Self.heldLimit
    if case .attached(let link) = link, link.queuedBytes > Self.queueLimit { isFull = true }
    if isFull { input.pause() } else { input.resume() }
  }

  // MARK: Daemon

  private func open(_ socket: consuming OwnedDescriptor) {
    let link = BridgeLink(loop: loop, socket: socket)
    self.link = .greeting(link)
    link.onFrame = { self.greeted($0, link) }
    link.onEnd = { self.lost(link) }
    link.onDrained = { self.balance() }
    do { try link.start() } catch { return lost(link) }
    link.send(
      JSONRPCWriter.request(id: .string("hello"), method: "hello") { writer in
        writer.beginObject()
        writer.member("kind", "mcp")
        writer.member("pid", Int(getpid()))
        writer.member("client", self.client)
        self.attachment.view.write(self.granted, to: &writer)
        writer.endObject()
      })
    loop.schedule(after: Self.helloPatience) {
      if case .greeting(let current) = self.link, current === link { self.lost(link) }
    }
  }

  private func greeted(_ frame: [UInt8], _ link: BridgeLink) {
    guard let message = try? JSONRPCMessage(parsing: frame) else { return lost(link) }
    guard case .response = message.kind else {
      guard case .errorResponse = message.kind, granted == nil else { return lost(link) }
      failure = attachment.view.failure(message)
      link.close()
      self.link = .none
      return finish(.failure)
    }
    if granted == nil { granted = BridgeView.Granted(message.result) }
    self.link = .attached(link)
    failures = 0
    waitingSince = nil
    link.onFrame = { self.relay($0) }
    for (line, id) in ledger.replay() {
      link.send(line)
      if let id { ledger.sent(id, end: link.queuedTotal, at: MonotonicTime.now.nanoseconds) }
    }
    boundEnd()
    endIfAnswered()
    balance()
  }

  private func lost(_ link: BridgeLink) {
    let written = link.writtenBytes
    link.close()
    self.link = .none
    failures += 1
    ledger.lost(written: written)
    // A daemon that ends at once each time must not keep us busy.
    if failures > 1 { pauseSeeking() } else { seek() }
    endIfAnswered()
  }

  // MARK: Looking for a daemon

  /// A request waits: look at once, even in a pause.
  func seekNow() {
    guard case .none = link else { return }
    if pause != nil, failures > 1 { return }
    pause?.cancel()
    pause = nil
    seek()
  }

  private func seek() {
    guard case .none = link, !isSeeking, !isFinishing else { return }
    isSeeking = true
    if ledger.hasUnanswered, waitingSince == nil { waitingSince = .now }
    // Somebody may have stopped the daemon on purpose: only a request brings it back.
    let mayStart = ledger.hasUnanswered
    thread.submit { [attachment, loop] in
      let result = attachment.connect(mayStart: mayStart)
      loop.perform { self.assumeIsolated { $0.sought(result) } }
    }
  }

  private func sought(_ result: Result<Int32, CommandFailure>) {
    isSeeking = false
    switch result {
    case .success(let socket):
      let socket = OwnedDescriptor(owning: socket)
      if !isFinishing { open(socket) }
    case .failure(let error):
      failures += 1
      giveUpWaiting(error)
      if case .none = link { pauseSeeking() }
    }
  }

  private func giveUpWaiting(_ error: CommandFailure) {
    guard let since = waitingSince, MonotonicTime.now - since > Self.attachPatience else { return }
    waitingSince = nil
    let causes = error.causes.isEmpty ? "" : " (\(error.causes.joined(separator: "; ")))"
    let failure = OperationFailure(
      status: 503, code: .serverUnreachable, message: "There is no warmplane daemon: \(error.message)\(causes)",
      isRetryable: true, reason: "daemon_unavailable")
    let doubt = OperationFailure(
      status: 503, code: .serverUnreachable,
      message: "The warmplane daemon went away during the request, which may have been carried out, and there is no "
        + "other: \(error.message)\(causes)",
      isRetryable: true, reason: "outcome_unknown")
    for request in ledger.giveUp() { fail(request, request.isDoubtful ? doubt : failure) }
    endIfAnswered()
  }

  private func pauseSeeking() {
    guard pause == nil, !isFinishing else { return }
    let length = min(Duration.milliseconds(25) * (1 << min(failures, 8)), Self.longestPause)
    pause = loop.schedule(after: length) {
      self.pause = nil
      self.seek()
    }
  }

  // MARK: End

  /// Ends the process when the client has read, or cannot read, the rest.
  func finish(_ code: ExitCode) {
    guard !isFinishing else { return }
    isFinishing = true
    exitCode = code
    input.pause()
    if case .attached(let link) = link { link.close() }
    link = .none
    for rest in batches.flush() { write(rest) }
    output.flush()
    let deadline = MonotonicTime.now + Self.flushPatience
    waitForOutput(until: deadline)
  }

  private func waitForOutput(until deadline: MonotonicTime) {
    if output.isOpen, output.queuedBytes > 0, MonotonicTime.now < deadline {
      loop.schedule(after: .milliseconds(5)) { self.waitForOutput(until: deadline) }
    } else {
      if !output.isOpen || output.queuedBytes > 0 { exitCode = .failure }
      loop.stop()
    }
  }
}
