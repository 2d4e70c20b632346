import Platform
import Protocol
import Synchronization
import TestSupport
import Transport

/// The supervisor's end of one connection to a worker: keeps all that comes, for whoever asks, from any thread.
final class WorkerClient: Sendable {
  /// What came so far.
  private struct Inbox {
    var answers: [CallAnswer] = []
    var results: [Int64: JSONRPCMessage] = [:]
    var notifications: [(method: String, params: JSONSlice?)] = []
    var end: String?
    var lastID: Int64 = 0
  }

  private let inbox = Mutex(Inbox())
  private let connection: LoopBound<FrameConnection>
  /// Its worker lives at least as long; and the loop, on which the connection must be closed.
  private let harness: WorkerHarness

  private var loop: EventLoop { harness.thread.loop }

  /// On the harness's loop.
  init(_ harness: WorkerHarness) throws {
    let connection = try FrameConnection(
      loop: harness.thread.loop, socket: UnixSocket.connect(to: harness.socketPath))
    self.harness = harness
    self.connection = LoopBound(connection)
    connection.onMessage = { [weak self] in self?.receive($0) }
    connection.onEnd = { [weak self] reason in self?.inbox.withLock { $0.end = reason } }
    try connection.start()
  }

  deinit { close() }

  private func receive(_ payload: [UInt8]) {
    guard let message = try? JSONRPCMessage(parsing: payload) else { return inbox.withLock { $0.end = "nonsense" } }
    inbox.withLock { inbox in
      switch message.kind {
      case .response(let id):
        if let answer = CallAnswer(id: id, result: message.result) {
          inbox.answers.append(answer)
        } else if case .int(let number) = id {
          inbox.results[number] = message
        }
      case .errorResponse(.int(let number)?): inbox.results[number] = message
      case .notification(let method): inbox.notifications.append((method, message.params))
      case .errorResponse, .request: inbox.end = "unexpected: \(message.kind)"
      }
    }
  }

  // MARK: What came

  var answers: [CallAnswer] { inbox.withLock { $0.answers } }
  /// Why the worker closed the connection; nil while it is open.
  var end: String? { inbox.withLock { $0.end } }

  func notifications(_ method: String) -> [JSONSlice?] {
    inbox.withLock { $0.notifications.filter { $0.method == method }.map(\.params) }
  }

  /// All lines of `upstream/log`, and how many were dropped.
  var log: (lines: [String], dropped: Int) {
    let batches = notifications(WorkerMethod.log)
    return (
      batches.flatMap { $0?.member("lines")?.strings ?? [] },
      batches.reduce(0) { $0 + ($1?.member("dropped")?.int ?? 0) }
    )
  }

  /// What the upstream told beside answers and progress.
  var relayed: [UpstreamNotification] {
    notifications(WorkerMethod.notification).compactMap { UpstreamNotification($0) }
  }

  // MARK: Sending

  func send(_ payload: [UInt8]) {
    let connection = self.connection
    loop.perform { connection.value.send(payload) }
  }

  /// The supervisor is gone.
  func close() {
    let connection = self.connection
    // The harness goes with it: the loop must not end before the connection is closed on it.
    let harness = self.harness
    loop.perform { withExtendedLifetime(harness) { connection.value.close() } }
  }

  func notify(_ method: String, _ params: @escaping (inout JSONWriter) -> Void) {
    send(JSONRPCWriter.notification(method: method, params: params))
  }

  /// Sends a request and waits for its answer, a result or an error.
  func request(
    _ method: String, _ params: (inout JSONWriter) -> Void = { $0.writeEmptyObject() }
  ) async throws -> JSONRPCMessage {
    let id = inbox.withLock { inbox in
      inbox.lastID += 1
      return inbox.lastID
    }
    var writer = JSONWriter()
    params(&writer)
    let text = writer.bytes
    send(JSONRPCWriter.request(id: .int(id), method: method) { $0.splice(text: text) })
    guard await eventually({ self.inbox.withLock { $0.results[id] != nil || $0.end != nil } }) else {
      throw TestFailure("no answer to \(method)")
    }
    return try inbox.withLock { inbox in
      guard let message = inbox.results.removeValue(forKey: id) else {
        throw TestFailure("\(method): \(inbox.end ?? "no answer")")
      }
      return message
    }
  }

  // MARK: Conversation

  func hello() async throws -> WorkerSnapshot {
    let answer = try await request(WorkerMethod.hello) { WorkerHello.current.write(to: &$0) }
    guard let result = answer.result, let snapshot = WorkerSnapshot(result) else {
      throw TestFailure("no snapshot: \(answer.raw.text)")
    }
    return snapshot
  }

  func start(_ launch: UpstreamLaunch) async throws -> UpstreamSession {
    let answer = try await request(WorkerMethod.start) { launch.write(to: &$0) }
    guard let session = UpstreamSession(answer.result) else {
      throw TestFailure("\(answer.errorMessage ?? "no session")")
    }
    return session
  }

  /// Sends a call and does not wait.
  @discardableResult
  func call(
    _ tool: String, _ arguments: String = "{}", timeout: Int = 20_000, operation: OperationID = .random(),
    progress: Bool = false, log: MessageLevel? = nil, blob: String = #"{"who":"test"}"#, traceparent: String? = nil
  ) -> OperationID {
    let frame = CallFrame(
      operation: operation, blob: .trusted(blob), method: "tools/call",
      parameters: .trusted(#"{"name":"\#(tool)","arguments":\#(arguments)}"#), timeoutMilliseconds: timeout,
      traceparent: traceparent, wantsProgress: progress, logLevel: log, acknowledged: [])
    send(frame.encoded())
    return operation
  }

  /// The answer to an operation.
  func answer(_ operation: OperationID, within: Duration = .seconds(10)) async throws -> CallAnswer {
    _ = await eventually(within: within) { self.answers.contains { $0.operation == operation } || self.end != nil }
    guard let answer = answers.first(where: { $0.operation == operation }) else {
      throw TestFailure("no answer to \(operation): \(end ?? "it did not come")")
    }
    return answer
  }

  func want(_ level: MessageLevel?, _ uris: [String] = []) {
    notify(WorkerMethod.interests) { Interests(logLevel: level, resources: uris).write(to: &$0) }
  }

  func acknowledge(_ operations: OperationID...) {
    notify(WorkerMethod.acknowledge) { writer in
      writer.beginObject()
      writer.member("operations", operations: operations)
      writer.endObject()
    }
  }

  func cancel(_ operation: OperationID) {
    notify(WorkerMethod.cancel) { writer in
      writer.beginObject()
      writer.member("operation", operation.description)
      writer.endObject()
    }
  }
}

extension CallAnswer {
  /// The first text of a tool's result.
  var text: String? {
    guard case .completed(let result?) = outcome else { return nil }
    return result.member("content")?.elements.first { _ in true }?.member("text")?.string
  }

  /// How it failed: the outcome's name and the reason; nil when the upstream answered.
  var failure: String? {
    switch outcome {
    case .completed, .rejected: nil
    case .failed(let failure): "failed/\(failure.reason.rawValue)"
    case .notSent(let failure): "not_sent/\(failure.reason.rawValue)"
    case .unknown(let failure): "unknown/\(failure.reason.rawValue)"
    }
  }
}
