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
    guard let blob = OperationBlob(blob) else { return }
    guard adopted.add(id, server: server, blob) else {
      // Its client went with the connection, as if it had closed that.
      return supervisor.assumeIsolated { _ = $0.cancel(id) }
    }
    if blob.origin != nil, blob.keyed == nil { awaitClient(of: id) }
  }

  /// Gives an operation up when its client does not come back for it. A session may be resumed at any time.
  private func awaitClient(of id: OperationID) {
    loop.schedule(after: Self.patience) {
      guard let origin = self.adopted[id]?.blob.origin else { return }
      if self.mcpHTTP.sessions[origin.client] != nil { return self.awaitClient(of: id) }
      self.giveUpAdopted(origin)
    }
  }

  /// An answer that no operation of this daemon waits for.
  func endedUnasked(_ id: OperationID, server: String, _ blob: JSONSlice, _ end: OperationEnd) -> Delivery {
    guard let blob = OperationBlob(blob) else { return .done }
    // Taken by this daemon: its client went away since.
    guard blob.front != name else { return settleAbandoned(id, server: server, blob, end) ?? .done }
    if adopted[id] == nil, !adopted.add(id, server: server, blob) { return .done }
    adopted.noteEnd(id, end)
    if adopted[id]?.isUnwanted == true, blob.keyed == nil {
      adopted.remove(id)
      return .done
    }
    if idempotency.isReady { settleAdopted(id) }
    if blob.origin != nil { loop.schedule(after: Self.patience) { self.forget(id) } }
    return .kept
  }

  /// The client of a request that an earlier daemon took does not want its answer any more: the operation is cancelled,
  /// if it is under way.
  func giveUpAdopted(_ origin: RequestOrigin.Key) {
    guard supervisor.assumeIsolated({ $0.hasIdentifiedWorkers }) else {
      // Else it ends like one whose client does not come back.
      return _ = whenWorkersAreKnown { self.giveUpAdopted(origin) }
    }
    guard let entry = adopted.disown(origin) else { return }
    log.info(
      "nobody wants the answer to an operation of an earlier daemon",
      [LogField("trace_id", entry.blob.traceID), LogField("surface", entry.blob.surface)])
    guard entry.end != nil else { return supervisor.assumeIsolated { _ = $0.cancel(entry.id) } }
    if idempotency.isReady || entry.blob.keyed == nil { forget(entry.id) }
  }

  /// The same for everything that a client asked for, whose session has ended.
  func giveUpAdopted(of client: String) {
    guard supervisor.assumeIsolated({ $0.hasIdentifiedWorkers }) else {
      return _ = whenWorkersAreKnown { self.giveUpAdopted(of: client) }
    }
    for origin in adopted.origins(of: client) { giveUpAdopted(origin) }
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
      !owners.isEmpty
        && owners.allSatisfy { supervisor.provesNotSent($0, askedAt: moment, by: origin.key.asker) }
    }
    // This daemon may have answered it or carried it out already, for a connection that broke since.
    if !wasAskedOfUs, !adopted.knew(origin.key), isProven, carriedOutAnew.insert(origin.key).inserted {
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
