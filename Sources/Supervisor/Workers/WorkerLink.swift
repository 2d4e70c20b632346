import Glibc
import Platform
import Protocol
import Transport

/// The supervisor's side of one worker: its process and the connection to it. Loop-confined; owned by the supervisor.
final class WorkerLink {
  /// How long a worker may take to answer a request of the supervisor that needs nothing of the upstream.
  static let patience = Duration.seconds(5)
  /// Between the end of the connection and the exit that explains it.
  private static let exitPatience = Duration.milliseconds(20)
  /// Acknowledgements that may wait for the next call to carry them.
  private static let mostUnacknowledged = 32
  /// How long an acknowledgement waits for a call to carry it.
  private static let acknowledgementDelay = Duration.milliseconds(20)
  /// The same for answers that their clients have not taken yet, which may last.
  private static let longestAcknowledgementDelay = Duration.seconds(1)

  let process: any WatchedProcess
  let socketPath: String
  /// Random value that marks everything the worker's upstream starts. Empty until an adopted worker has told it.
  var mark: String
  private let connection: FrameConnection
  private let requests: PendingRequests
  private let loop: EventLoop
  private var acknowledgements = AcknowledgementQueue()
  private var acknowledgementTimer: Timer?
  private var acknowledgementPause = WorkerLink.acknowledgementDelay
  /// Answers that an adopted worker has announced and that have not arrived.
  private var announced: Set<OperationID> = []
  private var onCaughtUp: (() -> Void)?
  /// The worker's stderr: nothing, unless it crashes. An adopted worker's went with the daemon that started it.
  private let errors: ByteChannel?
  private var errorLines = LineDecoder(limit: 4096)

  /// An answer to an operation; what it returns says when the worker may forget it.
  var onAnswer: ((CallAnswer) -> Delivery)?
  /// A line of the worker's own stderr.
  var onErrorLine: ((String) -> Void)?
  /// A notification of the worker.
  var onNotification: ((String, JSONSlice?) -> Void)?
  /// The process has ended, or its connection; told once, in one sentence.
  var onLost: ((String) -> Void)?

  init(loop: EventLoop, started: WorkerLauncher.Started, mark: String) throws(SystemError) {
    self.loop = loop
    self.mark = mark
    process = started.process
    socketPath = started.socketPath
    requests = PendingRequests(loop: loop)
    connection = try FrameConnection(loop: loop, socket: started.connection.take())
    errors = ByteChannel(loop: loop, reading: started.errors.take(), writing: nil)
  }

  /// Connects to a worker that an earlier daemon started. Fails when nobody listens at `path`.
  init(loop: EventLoop, adopting path: String) throws(SystemError) {
    self.loop = loop
    mark = ""
    socketPath = path
    requests = PendingRequests(loop: loop)
    connection = try FrameConnection(loop: loop, socket: UnixSocket.connect(to: path))
    // A worker listens once more when it starts, so that it is itself the peer that the kernel names.
    process = try AdoptedProcess(loop: loop, pid: connection.peer.pid)
    errors = nil
  }

  /// Starts to listen to the worker. Set the handlers first.
  func start() throws(SystemError) {
    connection.onMessage = { [weak self] payload in self?.receive(payload) }
    connection.onEnd = { [weak self] reason in self?.connectionEnded(reason) }
    errors?.onBytes = { [weak self] bytes in
      self?.errorLines.feed(bytes) { line in
        if case .line(let text) = line { self?.onErrorLine?(String(decoding: text, as: UTF8.self)) }
      }
    }
    try errors?.start()
    try connection.start()
  }

  private func receive(_ payload: [UInt8]) {
    guard let message = try? JSONRPCMessage(parsing: payload) else {
      return lose("lost its worker, which sent a frame that is no message")
    }
    switch message.kind {
    case .response(let id):
      if case .string = id {
        guard let answer = CallAnswer(id: id, result: message.result) else { return }
        FaultPoint.answerReceived.reach()
        defer { arrived(answer.operation) }
        switch onAnswer?(answer) {
        case .passedOn(let receipt, let mark): acknowledge(answer.operation, receipt, mark: mark)
        case .kept, nil: break
        }
      } else {
        requests.take(message)
      }
    case .errorResponse(.string(let text)?):
      // The worker could not read a call: it was not sent, and must end all the same.
      guard let operation = OperationID(text) else { return }
      let failure = CallFailure(.fault, message.errorMessage ?? "its worker refused the call")
      _ = onAnswer?(CallAnswer(operation: operation, blob: .null, outcome: .notSent(failure)))
    case .errorResponse: requests.take(message)
    case .notification(let method): onNotification?(method, message.params)
    case .request: break  // workers ask nothing
    }
  }

  /// Calls `action` when the answers that the worker announced have been passed on; or will never come.
  func catchUp(with announced: [OperationID], _ action: @escaping () -> Void) {
    guard !announced.isEmpty, connection.isOpen else { return action() }
    self.announced = Set(announced)
    onCaughtUp = action
  }

  private func arrived(_ operation: OperationID) {
    guard announced.remove(operation) != nil, announced.isEmpty else { return }
    caughtUp()
  }

  private func caughtUp() {
    let action = onCaughtUp
    onCaughtUp = nil
    action?()
  }

  // MARK: Sending

  /// A request with its result. `timeout` nil: the worker has a deadline of its own for it.
  func request(
    _ method: String, timeout: Duration? = WorkerLink.patience, params: @escaping (inout JSONWriter) -> Void,
    _ handler: @escaping (Result<JSONSlice, RequestFailure>) -> Void
  ) {
    let id = requests.add(timeout: timeout, handler)
    connection.send(JSONRPCWriter.request(id: id, method: method, params: params))
  }

  /// Sends an operation, with the acknowledgements that wait.
  func call(_ operation: Operation, now: MonotonicTime) {
    let frame = CallFrame(
      operation: operation.id, blob: operation.blob, method: operation.method, parameters: operation.parameters,
      timeoutMilliseconds: max(0, Int((operation.deadline - now).wholeNanoseconds / 1_000_000)),
      traceparent: operation.traceparent, wantsProgress: operation.wantsProgress,
      logLevel: operation.logLevel, asker: operation.asker, acknowledged: acknowledgements.takeDelivered())
    connection.send(frame.encoded())
    FaultPoint.callQueued.reach()
    FaultPoint.callSent.reach { connection.flush() }
  }

  func send(_ interests: Interests) {
    connection.send(JSONRPCWriter.notification(method: WorkerMethod.interests) { interests.write(to: &$0) })
  }

  func cancel(_ operation: OperationID) {
    connection.send(
      JSONRPCWriter.notification(method: WorkerMethod.cancel) { writer in
        writer.beginObject()
        writer.member("operation", operation.description)
        writer.endObject()
      })
  }

  /// The worker may forget an answer as soon as `receipt` says that its bytes up to `mark` have left this process.
  func acknowledge(_ operation: OperationID, _ receipt: (any DeliveryReceipt)?, mark: Int) {
    acknowledgements.add(operation, receipt, mark: mark)
    // By the end of the turn the client's bytes are written, unless it reads slowly.
    if acknowledgements.count >= Self.mostUnacknowledged {
      loop.atEndOfTurn { [weak self] in self?.sendAcknowledgements() }
    }
    acknowledgementPause = Self.acknowledgementDelay
    armAcknowledgementTimer()
  }

  private func armAcknowledgementTimer() {
    guard acknowledgementTimer == nil else { return }
    acknowledgementTimer = loop.schedule(after: acknowledgementPause) { [weak self] in
      guard let self else { return }
      acknowledgementTimer = nil
      acknowledgementPause = min(acknowledgementPause * 2, Self.longestAcknowledgementDelay)
      sendAcknowledgements()
      if !acknowledgements.isEmpty { armAcknowledgementTimer() }
    }
  }

  private func sendAcknowledgements() {
    let operations = acknowledgements.takeDelivered()
    guard !operations.isEmpty else { return }
    FaultPoint.answerDelivered.reach()
    connection.send(
      JSONRPCWriter.notification(method: WorkerMethod.acknowledge) { writer in
        writer.beginObject()
        writer.member("operations", operations: operations)
        writer.endObject()
      })
  }

  // MARK: Ending

  /// Reads nothing more: what the worker says from now on is for its next supervisor, answers above all. What is said to
  /// the worker still reaches it.
  func stopReading() {
    requests.stopClocks()
    connection.pauseReading()
  }

  /// Writes what the worker must know before its next supervisor asks. The connection stays until this process ends.
  func handOver() {
    sendAcknowledgements()
    connection.flush()
  }

  /// A process that dies closes its sockets a moment before its exit can be seen: wait for the better reason.
  private func connectionEnded(_ reason: String) {
    loop.schedule(after: Self.exitPatience) { [weak self] in
      self?.lose("lost the connection to its worker: \(reason)")
    }
  }

  /// The process has ended.
  func processEnded(_ status: ExitStatus) {
    // Answers that it wrote before it died, for nobody else can give them any more, and its last words, which may explain
    // the end.
    connection.resumeReading()
    connection.drainReading()
    errors?.drainReading()
    lose("lost its worker, which \(status)")
  }

  private func lose(_ reason: String) {
    let handler = onLost
    close()
    handler?(reason)
  }

  /// No handler is called any more. The process goes on.
  func close() {
    onAnswer = nil
    onErrorLine = nil
    onNotification = nil
    onLost = nil
    acknowledgementTimer?.cancel()
    errors?.close()
    connection.close()
    requests.failAll("the connection to the worker was closed")
    unlink(socketPath)
    caughtUp()
  }
}
