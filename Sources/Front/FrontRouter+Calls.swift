import Configuration
import Platform
package import Protocol
package import Supervisor
import Telemetry

/// Tool calls.
extension FrontRouter {
  /// A client's request id longer than this stays out of the return blob, which is bounded.
  private static let longestBlobPart = 1024

  func callTool(
    _ target: ReplyTarget, _ decoded: Result<ToolCallRequest, ToolCallRequest.Refusal>, trace: TraceContext
  ) {
    switch decoded {
    case .failure(let refusal):
      target.reply(refusal.failure, requestID: refusal.requestID, traceID: trace.traceID.description)
      logRefusal(target, refusal, trace)
    case .success(let request):
      begin(
        FrontOperation(
          id: .random(using: &random), purpose: .call, target: target, trace: trace, requestID: request.requestID,
          capabilityID: request.capabilityID, arguments: request.arguments, admitted: .now))
    }
  }

  func submit(_ operation: FrontOperation, _ capability: Capability) {
    var operation = operation
    operation.server = capability.server
    operation.timeoutMilliseconds = timeout(of: capability.server)
    operations[operation.id] = operation
    logStart(operation)
    let parameters = Self.parameters(capability, operation.arguments)
    guard parameters.range.count <= CallFrame.longestParameters else {
      return finish(operation.id, .failure(FailureMapping.tooLarge))
    }
    let carried = Operation(
      id: operation.id, server: capability.server, method: "tools/call",
      parameters: parameters, blob: blob(operation), deadline: operation.deadline,
      timeoutMilliseconds: operation.timeoutMilliseconds,
      traceparent: operation.trace.traceparent)
    supervisor.assumeIsolated { $0.submit(carried) }
  }

  private static func parameters(_ capability: Capability, _ arguments: JSONSlice) -> JSONSlice {
    var writer = JSONWriter(reserving: arguments.range.count + 128)
    writer.beginObject()
    writer.member("name", capability.toolName)
    writer.member("arguments", arguments)
    writer.endObject()
    return JSONSlice(assembled: writer)
  }

  /// Who asked, for a front that did not take the request itself.
  private func blob(_ operation: FrontOperation) -> JSONSlice {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("surface", operation.target.surface)
    writer.member("trace", operation.traceID)
    if operation.capabilityID.utf8.count <= Self.longestBlobPart {
      writer.member("capability", operation.capabilityID)
    }
    if let id = operation.requestID, id.range.count <= Self.longestBlobPart { writer.member("request", id) }
    writer.endObject()
    return JSONSlice(assembled: writer)
  }

  func timeout(of server: String) -> Int {
    let configuration = settings.configuration
    return configuration.servers.first { $0.id == server }.map { configuration.timeoutMs(of: $0) }
      ?? configuration.toolTimeoutMs
  }

  /// The client has gone: nothing is answered any more, and the upstream is told.
  func abandon(_ id: OperationID) {
    guard let operation = operations.removeValue(forKey: id) else { return }
    supervisor.assumeIsolated { $0.cancel(id) }
    let failure = OperationFailure(
      status: 409, code: .upstreamError, message: "The client went away.", reason: "cancelled")
    logEnd(operation, .failure(failure))
    operationsChanged()
  }

  /// Answers an operation, once.
  func finish(_ id: OperationID, _ result: Result<JSONSlice?, OperationFailure>) {
    guard let operation = operations.removeValue(forKey: id) else { return }
    if case .control(let session, _) = operation.target { session.operations.remove(id) }
    switch result {
    case .success(let data):
      operation.target.reply(
        status: 200,
        body: Envelope.success(requestID: operation.requestID, traceID: operation.traceID, data: data))
    case .failure(let failure):
      operation.target.reply(failure, requestID: operation.requestID, traceID: operation.traceID)
    }
    logEnd(operation, result)
    operationsChanged()
  }

  // MARK: Log

  private func fields(_ operation: FrontOperation) -> [LogField] {
    [
      LogField("trace_id", operation.traceID), LogField("request_id", operation.requestID?.string),
      LogField("surface", operation.target.surface), LogField("server_id", operation.server),
      LogField("capability_id", operation.capabilityID),
    ]
  }

  /// A request that could not be read has no id and no server.
  private func logRefusal(_ target: ReplyTarget, _ refusal: ToolCallRequest.Refusal, _ trace: TraceContext) {
    log.warn(
      "tool call failure",
      [
        LogField("trace_id", trace.traceID.description), LogField("request_id", refusal.requestID?.string),
        LogField("surface", target.surface), LogField("duration_ms", 0),
        LogField("code", refusal.failure.code.rawValue), LogField("reason", refusal.reason),
        LogField("retryable", false),
      ])
  }

  private func logStart(_ operation: FrontOperation) {
    guard log.isEnabled(.info) else { return }
    var fields = fields(operation)
    if log.isEnabled(.debug) { fields.append(LogField("args", redaction.render(operation.arguments))) }
    log.info("tool call start", fields)
  }

  private func logEnd(_ operation: FrontOperation, _ result: Result<JSONSlice?, OperationFailure>) {
    guard operation.purpose == .call, log.isEnabled(.warn) else { return }
    let duration = LogField("duration_ms", MonotonicTime.now.milliseconds(since: operation.admitted))
    switch result {
    case .success(let data):
      guard log.isEnabled(.info) else { return }
      var fields = fields(operation) + [duration]
      if log.isEnabled(.debug), let data { fields.append(LogField("data", redaction.render(data))) }
      log.info("tool call success", fields)
    case .failure(let failure):
      log.warn(
        "tool call failure",
        fields(operation) + [
          duration, LogField("code", failure.code.rawValue), LogField("reason", failure.reason),
          LogField("retryable", failure.isRetryable),
        ])
    }
  }
}

// MARK: SupervisorDelegate

extension FrontRouter: SupervisorDelegate {
  package func operationEnded(_ id: OperationID, blob: JSONSlice, _ end: OperationEnd) {
    guard let operation = operations[id] else { return }  // its client went away
    finish(
      id,
      FailureMapping.outcome(
        of: end, kind: operation.purpose.rawValue, server: operation.server,
        timeoutMilliseconds: operation.timeoutMilliseconds))
  }

  package func serverWaitEnded(_ id: OperationID, _ result: ServerWait) { waitEnded(id, result) }

  package func catalogChanged(server: String, _ serverCatalog: ServerCatalog) {
    let before = catalog.omissions
    catalog.set(server: server, tools: serverCatalog.tools)
    logRegistered(server, serverCatalog.tools)
    guard catalog.omissions != before else { return }
    for omission in catalog.omissions where !before.contains(omission) {
      log.warn(
        "duplicate public id omitted",
        [
          LogField("server_id", omission.server), LogField("id", omission.id), LogField("kept_by", omission.keptBy),
        ])
    }
    let byServer = Dictionary(grouping: catalog.omissions, by: \.server)
    let sentences = byServer.mapValues { $0.map { "\"\($0.id)\" is omitted, server \"\($0.keptBy)\" has that id" } }
    supervisor.assumeIsolated { $0.noteOmissions(sentences) }
  }

  private func logRegistered(_ server: String, _ tools: [JSONSlice]) {
    guard log.isEnabled(.debug) else { return }
    for tool in tools {
      log.debug(
        "registered upstream tool",
        [LogField("server_id", server), LogField("tool_name", tool.member("name")?.string)])
    }
  }

  package func readinessChanged(server: String) { readinessMayEndWaiting() }
}
