import Configuration
package import Platform
package import Protocol
package import Supervisor
import Telemetry

/// Operations: tool calls, resource reads, prompt gets.
extension FrontRouter {
  func operate(
    _ kind: EntryKind, _ target: any ReplyTarget, _ decoded: Result<OperationRequest, OperationRequest.Refusal>,
    trace: TraceContext
  ) {
    switch decoded {
    case .failure(let refusal):
      var failure = refusal.failure
      if let id = refusal.entryID {
        failure = hinted(failure, kind, id, asked: id, server: "", payload: nil, target)
      }
      target.finish(.failure(failure), requestID: refusal.requestID, traceID: trace.traceID.description)
      logRefusal(target, kind, refusal, trace)
      recordRefusal(target, kind, refusal, trace)
    case .success(let request):
      let id = scoped(target.scope).publicID(of: request.id, kind)
      let operation = FrontOperation(
        id: .random(using: &random), kind: kind, purpose: .carryOut, target: target, trace: trace,
        requestID: request.requestID, entryID: id, asked: request.asked ?? request.id, payload: request.payload,
        admitted: .now, route: request.route,
        completion: request.completion, meta: request.meta,
        keyed: request.key.map { KeyedRequest($0, kind, id: id, payload: request.payload) })
      if target.origin?.reaskedAt == nil { begin(operation) } else { reask(operation) }
    }
  }

  func submit(_ operation: FrontOperation, _ server: String, _ upstreamName: JSONSlice) {
    var operation = operation
    operation.server = server
    operation.timeoutMilliseconds = timeout(of: server)
    operation.tracedRequest = tracedRequest(of: operation, upstreamName)
    operations[operation.id] = operation
    if operation.kind == .prompt, let payload = operation.payload, payload.kind != .object, payload.kind != .null {
      return refuseArguments(operation, server)
    }
    // The record of a key says when its operation was sent: not before its server can take it.
    if operation.keyed != nil {
      guard operation.triedServers.contains(server) else {
        operation.refusal = nil
        return waitForServer(operation, server)
      }
      if let refusal = operation.refusal { return finish(operation.id, .failure(refusal)) }
    }
    logStart(operation, upstreamName)
    interests.settle(server)
    let parameters = parameters(operation, upstreamName)
    guard parameters.range.count <= CallFrame.longestParameters else {
      return finish(operation.id, .failure(FailureMapping.tooLarge))
    }
    let carried = Operation(
      id: operation.id, server: server, method: operation.method, parameters: parameters,
      blob: OperationBlob(operation, front: name).json, deadline: operation.deadline,
      timeoutMilliseconds: operation.timeoutMilliseconds,
      traceparent: (operation.tracedRequest?.context ?? operation.trace.unrecorded).traceparent,
      wantsProgress: operation.target.wishes.progressToken != nil, logLevel: operation.target.wishes.logLevel,
      asker: operation.keyed == nil ? operation.target.origin?.key.asker : nil)
    if let keyed = operation.keyed { return recordThenSubmit(carried, keyed) }
    supervisor.assumeIsolated { $0.submit(carried) }
  }

  /// `arguments` of a wrong type. The server is checked before them (contract §3.4), so it is waited for.
  private func refuseArguments(_ operation: FrontOperation, _ server: String) {
    guard operation.triedServers.contains(server) else {
      var operation = operation
      operation.refusal = nil
      return waitForServer(operation, server)
    }
    var failure = OperationFailure(
      status: 400, code: .invalidArgs, message: "arguments must be a JSON object or null", reason: "invalid_field")
    failure.argumentFault = .certain
    finish(operation.id, .failure(operation.refusal ?? failure))
  }

  private func parameters(_ operation: FrontOperation, _ upstreamName: JSONSlice) -> JSONSlice {
    var writer = JSONWriter(reserving: (operation.payload?.range.count ?? 0) + (operation.meta?.range.count ?? 0) + 128)
    writer.beginObject()
    if let completion = operation.completion {
      let server = operation.server
      let revision = supervisor.assumeIsolated { $0.session(of: server)?.revision }
      completion.write(operation.kind, upstreamName, to: revision, &writer)
    } else if operation.kind == .resource {
      writer.member("uri", upstreamName)
    } else {
      writer.member("name", upstreamName)
      if let payload = operation.payload, payload.kind == .object { writer.member("arguments", payload) }
    }
    if let meta = operation.meta, meta.kind == .object { writer.member("_meta", TraceMeta.continued(meta)) }
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
    guard let operation = operations[id], !outlivesItsClient(operation) else { return }
    operations[id] = nil
    operation.keyed?.timer?.cancel()
    let cancellation = supervisor.assumeIsolated { $0.cancel(id) }
    let failure = OperationFailure(
      status: 409, code: .upstreamError, message: "The client went away.", reason: "cancelled",
      executionState: cancellation.wasSent ? .unknown : .notStarted)
    logEnd(operation, .failure(failure))
    recordRequest(of: operation, nil, sentAt: cancellation.sentAt)
    recordEnd(of: operation, .failure(failure))
    if operation.keyed != nil, !cancellation.wasSent { passOnKey(of: id) }
    operationsChanged()
  }

  /// Answers an operation, once.
  func finish(_ id: OperationID, _ result: Result<JSONSlice?, OperationFailure>) { _ = answer(id, result) }

  /// Answers an operation, once, and tells when the answer has left this process.
  func answer(_ id: OperationID, _ result: Result<JSONSlice?, OperationFailure>) -> Delivery {
    guard let operation = operations.removeValue(forKey: id) else { return .done }
    operation.target.ended(id)
    operation.keyed?.timer?.cancel()
    let (kind, entryID) = (operation.kind, operation.entryID)
    let result = result.mapError { failure in
      let told = hinted(
        failure, kind, entryID, asked: operation.asked, server: operation.server, payload: operation.payload,
        operation.target)
      return advised(told, kind, entryID)
    }
    let receipt = idempotency.isIdle ? nil : settle(id, result)
    operation.target.finish(result, requestID: operation.requestID, traceID: operation.traceID)
    logEnd(operation, result)
    recordEnd(of: operation, result)
    operationsChanged()
    return receipt?.following(operation.target.delivery) ?? operation.target.delivery
  }

  // MARK: Log

  private func fields(_ operation: FrontOperation) -> [LogField] {
    [
      LogField("trace_id", operation.traceID), LogField("request_id", operation.requestID?.string),
      LogField("surface", operation.target.surface),
      LogField("server_id", operation.server.isEmpty ? nil : operation.server),
      LogField(operation.kind.idMember, operation.entryID),
    ]
  }

  /// A request that could not be read has no id and no server.
  private func logRefusal(
    _ target: any ReplyTarget, _ kind: EntryKind, _ refusal: OperationRequest.Refusal, _ trace: TraceContext
  ) {
    log.warn(
      "\(kind.operation.lowercased()) failure",
      [
        LogField("trace_id", trace.traceID.description), LogField("request_id", refusal.requestID?.string),
        LogField("surface", target.surface), LogField("duration_ms", 0),
        LogField("code", refusal.failure.code.rawValue), LogField("reason", refusal.reason),
        LogField("retryable", false),
      ])
  }

  private func logStart(_ operation: FrontOperation, _ upstreamName: JSONSlice) {
    guard log.isEnabled(.info) else { return }
    var fields = fields(operation)
    if operation.kind == .resource { fields.append(LogField("uri", upstreamName.string)) }
    if log.isEnabled(.debug), let payload = operation.payload {
      fields.append(LogField(operation.kind == .prompt ? "arguments" : "args", redaction.render(payload)))
    }
    log.info("\(operation.name.lowercased()) start", fields)
  }

  func logEnd(_ operation: FrontOperation, _ result: Result<JSONSlice?, OperationFailure>) {
    guard log.isEnabled(.warn) else { return }
    let duration = LogField("duration_ms", MonotonicTime.now.milliseconds(since: operation.admitted))
    switch result {
    case .success(let data):
      guard log.isEnabled(.info) else { return }
      var fields = fields(operation) + [duration]
      if log.isEnabled(.debug), let data { fields.append(LogField("data", redaction.render(data))) }
      log.info("\(operation.name.lowercased()) success", fields)
    case .failure(let failure):
      log.warn(
        "\(operation.name.lowercased()) failure",
        fields(operation) + [
          duration, LogField("code", failure.code.rawValue), LogField("reason", failure.reason),
          LogField("retryable", failure.isRetryable),
        ])
    }
  }
}

// MARK: SupervisorDelegate

extension FrontRouter: SupervisorDelegate {
  package func operationEnded(
    _ id: OperationID, server: String, blob: JSONSlice, _ end: OperationEnd, sentAt: MonotonicTime?
  ) -> Delivery {
    guard let operation = operations[id] else { return endedUnasked(id, server: server, blob, end) }
    recordRequest(of: operation, end, sentAt: sentAt)
    return answer(
      id,
      FailureMapping.outcome(
        of: end, kind: operation.name, server: operation.server,
        timeoutMilliseconds: operation.timeoutMilliseconds))
  }

  package func serverWaitEnded(_ id: OperationID, _ result: ServerWait) { waitEnded(id, result) }

  package func catalogChanged(server: String, _ serverCatalog: ServerCatalog) {
    let lists = catalog.set(server: server, serverCatalog)
    keepCatalog(of: server, lists)
    catalogMayHaveChanged()
  }

  package func readinessChanged(server: String) {
    noteAttempt(of: server)
    readinessMayEndWaiting()
    interests.readinessChanged(server)
    observer?.readinessChanged()
  }
}
