/// One operation on its way to a worker.
package struct CallFrame: Sendable {
  /// Largest return blob in bytes of JSON.
  package static let longestBlob = 4096
  /// Largest parameters in bytes of JSON: what a frame holds, less everything else that it carries.
  package static let longestParameters = Frame.maximumLength - (1 << 20)

  package let operation: OperationID
  /// Opaque to the worker and given back with the answer: who asked, the id with its JSON type, how to wrap the answer.
  package let blob: JSONSlice
  /// The MCP method for the upstream, for example `tools/call`.
  package let method: String
  /// The MCP parameters, untouched (an object).
  package let parameters: JSONSlice
  /// Time left until the operation's deadline, milliseconds; the supervisor's clock decides, the worker's is a backstop.
  package let timeoutMilliseconds: Int
  /// W3C trace context of the operation.
  package let traceparent: String?
  /// Whether the asker wants progress notifications.
  package let wantsProgress: Bool
  /// The least severe log messages that the asker wants; only a 2026-07-28 upstream is told so with its request.
  package let logLevel: MessageLevel?
  /// Names the question among those of all clients that can ask for its answer again (`ForgottenQuestions`).
  package let asker: String?
  /// Answers that this frame acknowledges on the way.
  package let acknowledged: [OperationID]

  package init(
    operation: OperationID, blob: JSONSlice, method: String, parameters: JSONSlice, timeoutMilliseconds: Int,
    traceparent: String?, wantsProgress: Bool, logLevel: MessageLevel? = nil, asker: String? = nil,
    acknowledged: [OperationID]
  ) {
    self.operation = operation
    self.blob = blob
    self.method = method
    self.parameters = parameters
    self.timeoutMilliseconds = timeoutMilliseconds
    self.traceparent = traceparent
    self.wantsProgress = wantsProgress
    self.logLevel = logLevel
    self.asker = asker
    self.acknowledged = acknowledged
  }

  /// The frame's payload.
  package func encoded() -> [UInt8] {
    JSONRPCWriter.request(
      id: .string(operation.description), method: WorkerMethod.call,
      reserving: parameters.range.count + blob.range.count + 256
    ) { writer in
      writer.beginObject()
      writer.member("blob", blob)
      writer.member("method", method)
      writer.member("timeoutMs", timeoutMilliseconds)
      if let traceparent { writer.member("traceparent", traceparent) }
      if wantsProgress { writer.member("progress", true) }
      if let logLevel { writer.member("logLevel", logLevel.rawValue) }
      if let asker { writer.member("asker", asker) }
      if !acknowledged.isEmpty { writer.member("acknowledged", operations: acknowledged) }
      writer.member("params", parameters)
      writer.endObject()
    }
  }

  /// Reads the frame; nil when a required member is missing or out of bounds.
  package init?(id: RequestID, params: JSONSlice?) {
    guard case .string(let text) = id, let operation = OperationID(text), let params, params.kind == .object else {
      return nil
    }
    var blob: JSONSlice?
    var method: String?
    var parameters: JSONSlice?
    var timeout: Int?
    var traceparent: String?
    var wantsProgress = false
    var logLevel: MessageLevel?
    var asker: String?
    var acknowledged: [OperationID] = []
    for (key, value) in params.members {
      switch key.string {
      case "blob": blob = value
      case "method": method = value.string
      case "params": parameters = value
      case "timeoutMs": timeout = value.int
      case "traceparent": traceparent = value.string
      case "progress": wantsProgress = value.bool ?? false
      case "logLevel": logLevel = value.string.flatMap { MessageLevel(rawValue: $0) }
      case "asker": asker = value.string
      case "acknowledged": acknowledged = value.operations
      default: break
      }
    }
    guard asker?.utf8.count ?? 0 <= ForgottenQuestions.longestAsker, let blob, blob.range.count <= Self.longestBlob,
      let method, let parameters, parameters.kind == .object,
      let timeout, timeout >= 0
    else { return nil }
    self.init(
      operation: operation, blob: blob, method: method, parameters: parameters, timeoutMilliseconds: timeout,
      traceparent: traceparent, wantsProgress: wantsProgress, logLevel: logLevel, asker: asker,
      acknowledged: acknowledged)
  }
}

extension JSONWriter {
  /// A member whose value is an array of operation ids.
  package mutating func member(_ name: String, operations: [OperationID]) {
    key(name)
    beginArray()
    for operation in operations { value(operation.description) }
    endArray()
  }
}

extension JSONSlice {
  /// The operation ids of an array of strings; others are left out.
  package var operations: [OperationID] { elements.compactMap { $0.string.flatMap { OperationID($0) } } }
}
