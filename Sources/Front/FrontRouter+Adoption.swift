import Platform
package import Protocol
import Supervisor
import Telemetry

/// Operations that an earlier daemon was asked for: their clients come back and ask again, and get the answer of what
/// they started. Nothing is carried out a second time.
extension FrontRouter {
  /// How long an answer waits for its client. A bridge comes back within a second or so of a daemon that listens.
  private static let patience = Duration.seconds(60)

  package func operationAdopted(_ id: OperationID, server: String, blob: JSONSlice) {
    guard let blob = OperationBlob(blob), adopted.add(id, server: server, blob) else { return }
  }

  /// An answer that no operation of this daemon waits for.
  func endedUnasked(_ id: OperationID, server: String, _ blob: JSONSlice, _ end: OperationEnd) -> Delivery {
    guard let blob = OperationBlob(blob) else { return .done }
    // Taken by this daemon: its client went away since.
    guard blob.front != name else { return settleAbandoned(id, server: server, blob, end) ?? .done }
    if adopted[id] == nil, !adopted.add(id, server: server, blob) { return .done }
    adopted.noteEnd(id, end)
    if idempotency.isReady { settleAdopted(id) }
    if blob.origin != nil { loop.schedule(after: Self.patience) { self.forget(id) } }
    return .kept
  }

  private func forget(_ id: OperationID) {
    guard let entry = adopted[id] else { return }
    // Its outcome is to be kept and cannot be, yet.
    if entry.blob.keyed != nil, !idempotency.isReady {
      return _ = loop.schedule(after: Self.patience) { self.forget(id) }
    }
    adopted.remove(id)
    log.info(
      "nobody fetched the answer to an operation of an earlier daemon",
      [LogField("trace_id", entry.blob.traceID), LogField("surface", entry.blob.surface)])
    let receipt = LoopBound(idempotency.receipts[id])
    supervisor.assumeIsolated { $0.acknowledge(id, server: entry.server, .passedOn(receipt.value, mark: 0)) }
  }

  package func workersIdentified() {
    judgeRecords()
    for action in awaitingWorkers.removeAll() { action() }
  }

  /// Runs `action` when it is known what the workers of the earlier daemon have; not when the client of `target` goes away
  /// before. False when too many wait for that.
  func whenWorkersAreKnown(for target: (any ReplyTarget)? = nil, _ action: @escaping () -> Void) -> Bool {
    guard !awaitingWorkers.isFull else { return false }
    let id = OperationID.random(using: &random)
    awaitingWorkers.add(
      {
        target?.ended(id)
        action()
      }, id)
    target?.began(id) { self.awaitingWorkers.remove(id) }
    return true
  }

  // MARK: Clients that come back

  /// A client asks what it asked an earlier daemon before.
  func reask(_ operation: FrontOperation) {
    guard let origin = operation.target.origin, let moment = origin.reaskedAt else { return begin(operation) }
    if let keyed = operation.keyed, !idempotency.isReady { return reaskWhenReady(operation, keyed) }
    if let entry = adopted.claim(origin.key) { return resume(operation, entry) }
    guard supervisor.assumeIsolated({ $0.hasIdentifiedWorkers }) else {
      if !whenWorkersAreKnown(for: operation.target, { self.reask(operation) }) { lose(operation) }
      return
    }
    // A key tells more than the age of a worker.
    if operation.keyed != nil { return begin(operation) }
    // Asked of this daemon, which gave it up when the connection was lost: what its worker forgot proves nothing.
    let wasAskedOfUs = moment >= birth.nanoseconds
    let server = operation.route?.server ?? catalog.entry(operation.kind, operation.entryID)?.server
    // The lists of a worker that was taken over may still be on their way.
    let owners = server.map { [$0] } ?? catalog.unlistedOwners(of: operation.entryID, operation.kind)
    let isProven = supervisor.assumeIsolated { supervisor in
      !owners.isEmpty && owners.allSatisfy { supervisor.provesNotSent($0, askedAt: moment) }
    }
    // This daemon may have carried it out already, for a connection that broke since.
    if !wasAskedOfUs, isProven, carriedOutAnew.insert(origin.key).inserted {
      return begin(operation)
    }
    var lost = operation
    lost.server = server ?? ""
    lose(lost)
  }

  /// Nobody knows what became of it.
  private func lose(_ operation: FrontOperation) {
    operations[operation.id] = operation
    finish(
      operation.id,
      .failure(
        OperationFailure(
          status: 503, code: .serverUnreachable,
          message: "The warmplane daemon went away during the request, and with it the trace of what became of it; "
            + "it may have been carried out.",
          isRetryable: true, reason: "outcome_unknown")))
  }

  func resume(_ operation: FrontOperation, _ entry: AdoptedOperations.Entry) {
    var resumed = operation.resumed(as: entry.id)
    resumed.server = entry.server
    resumed.timeoutMilliseconds = entry.blob.timeoutMilliseconds
    operations[entry.id] = resumed
    let id = entry.id
    resumed.target.began(id) { self.abandon(id) }
    log.info(
      "a client came back for its operation",
      [LogField("trace_id", entry.blob.traceID), LogField("surface", entry.blob.surface)])
    guard let end = entry.end else { return }
    let delivery = operationEnded(id, server: entry.server, blob: entry.blob.json, end, sentAt: nil)
    let server = entry.server
    let bound = LoopBound(delivery)
    supervisor.assumeIsolated { $0.acknowledge(id, server: server, bound.value) }
  }
}
