import Platform
import Protocol
import Supervisor
import Telemetry

/// Cancelling operations by the request id that their clients gave them.
extension FrontRouter {
  /// Gives up every operation with that request id on what the scope shows, whoever asked for it, also of an earlier daemon.
  /// Each ends as its worker says, which is `cancelled` unless it was complete already.
  func cancelOperations(_ target: any ReplyTarget, _ requestID: String, trace: TraceContext) {
    guard supervisor.assumeIsolated({ $0.hasIdentifiedWorkers }) else {
      // It counts even if nobody waits for the answer.
      let isWaiting = whenWorkersAreKnown { self.cancelOperations(target, requestID, trace: trace) }
      if !isWaiting { target.reply(FailureMapping.workersUnknown, traceID: trace.traceID.description) }
      return
    }
    let scoped = scoped(target.scope)
    let own = operations.values.filter { $0.requestID?.string == requestID }.filter { operation in
      scoped.knows(operation.kind, operation.entryID, of: operation.route?.server ?? operation.server)
    }.map(\.id)
    let left = adopted.running(named: requestID).filter { scoped.knows($0.blob.kind, $0.blob.entryID, of: $0.server) }
      .map(\.id)
    let fields = [
      LogField("trace_id", trace.traceID.description), LogField("request_id", requestID),
      LogField("surface", target.surface), LogField("operations", own.count + left.count),
    ]
    guard !own.isEmpty || !left.isEmpty else {
      log.info("nothing to cancel", fields)
      return target.reply(
        FailureMapping.unknownOperation(requestID), requestID: nil, traceID: trace.traceID.description)
    }
    log.info("cancelling by request", fields)
    for id in own { cancelOperation(id) }
    for id in left { supervisor.assumeIsolated { _ = $0.cancel(id) } }
    var writer = JSONWriter(reserving: 128)
    writer.beginObject()
    writer.member("ok", true)
    writer.member("request_id", requestID)
    writer.member("cancelled", true)
    writer.endObject()
    target.reply(status: 200, body: writer.bytes)
  }

  /// What was not sent ends here; of the rest only its worker knows how.
  private func cancelOperation(_ id: OperationID) {
    guard let operation = operations[id], !supervisor.assumeIsolated({ $0.cancel(id) }).wasSent else { return }
    // Another operation with its key goes on.
    let state: RetryAdvice.ExecutionState = idempotency.book.waits(id) ? .unknown : .notStarted
    finish(id, .failure(FailureMapping.cancelled(operation.name, state)))
  }
}
