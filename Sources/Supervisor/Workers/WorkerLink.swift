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

  let process: ChildProcess
  let socketPath: String
  /// Random value that marks everything the worker's upstream starts.
  let mark: String
  private let connection: FrameConnection
  private let requests: PendingRequests
  private let loop: EventLoop
  private var acknowledgements: [OperationID] = []
  private var acknowledgementTimer: Timer?
  /// The worker's stderr: nothing, unless it crashes.
  private let errors: ByteChannel
  private var errorLines = LineDecoder(limit: 4096)

  /// An answer to an operation.
  var onAnswer: ((CallAnswer) -> Void)?
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

  /// Starts to listen to the worker. Set the handlers first.
  func start() throws(SystemError) {
    connection.onMessage = { [weak self] payload in self?.receive(payload) }
    connection.onEnd = { [weak self] reason in self?.connectionEnded(reason) }
    errors.onBytes = { [weak self] bytes in
      self?.errorLines.feed(bytes) { line in
        if case .line(let text) = line { self?.onErrorLine?(String(decoding: text, as: UTF8.self)) }
      }
    }
    try errors.start()
    try connection.start()
  }

  private func receive(_ payload: [UInt8]) {
    guard let message = try? JSONRPCMessage(parsing: payload) else {
      return lose("lost its worker, which sent a frame that is no message")
    }
    switch message.kind {
    case .response(let id):
      if case .string = id {
        // An answer is acknowledged when it was delivered, which `onAnswer` does before it returns.
        guard let answer = CallAnswer(id: id, result: message.result) else { return }
        onAnswer?(answer)
        acknowledge(answer.operation)
      } else {
        requests.take(message)
      }
    case .errorResponse(.string(let text)?):
      // The worker could not read a call: it was not sent, and must end all the same.
      guard let operation = OperationID(text) else { return }
      let failure = CallFailure(.fault, message.errorMessage ?? "its worker refused the call")
      onAnswer?(CallAnswer(operation: operation, blob: .null, outcome: .notSent(failure)))
    case .errorResponse: requests.take(message)
    case .notification(let method): onNotification?(method, message.params)
    case .request: break  // workers ask nothing
    }
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
      traceparent: operation.traceparent, wantsProgress: false, acknowledged: takeAcknowledgements())
    connection.send(frame.encoded())
  }

  func cancel(_ operation: OperationID) {
    connection.send(
      JSONRPCWriter.notification(method: WorkerMethod.cancel) { writer in
        writer.beginObject()
        writer.member("operation", operation.description)
        writer.endObject()
      })
  }

  private func acknowledge(_ operation: OperationID) {
    acknowledgements.append(operation)
    if acknowledgements.count >= Self.mostUnacknowledged { return sendAcknowledgements() }
    guard acknowledgementTimer == nil else { return }
    acknowledgementTimer = loop.schedule(after: Self.acknowledgementDelay) { [weak self] in
      self?.acknowledgementTimer = nil
      self?.sendAcknowledgements()
    }
  }

  private func takeAcknowledgements() -> [OperationID] {
    defer { acknowledgements.removeAll(keepingCapacity: true) }
    return acknowledgements
  }

  private func sendAcknowledgements() {
    let operations = takeAcknowledgements()
    guard !operations.isEmpty else { return }
    connection.send(
      JSONRPCWriter.notification(method: WorkerMethod.acknowledge) { writer in
        writer.beginObject()
        writer.member("operations", operations: operations)
        writer.endObject()
      })
  }

  // MARK: Ending

  /// A process that dies closes its sockets a moment before its exit can be seen: wait for the better reason.
  private func connectionEnded(_ reason: String) {
    loop.schedule(after: Self.exitPatience) { [weak self] in
      self?.lose("lost the connection to its worker: \(reason)")
    }
  }

  /// The process has ended.
  func processEnded(_ status: ExitStatus) {
    // Answers that it wrote before it died, and its last words, which may explain the end.
    connection.drainReading()
    errors.drainReading()
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
    errors.close()
    connection.close()
    requests.failAll("the connection to the worker was closed")
    unlink(socketPath)
  }
}
