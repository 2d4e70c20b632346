import Platform
import Protocol
import Supervisor
import Telemetry

/// Operations with an idempotency key: carried out once, and answered with the same outcome however often and of whichever
/// daemon they are asked for.
extension FrontRouter {
  /// How long after a failed attempt an outcome is written again.
  private static let storeRetry = Duration.seconds(5)

  /// Now.
  var moment: IdempotencyBook.Moment {
    let wall = WallTime.now
    return IdempotencyBook.Moment(
      time: .now, wall: wall.seconds * 1000 + Int64(wall.microseconds) / 1000)
  }

  // MARK: Admission

  /// Decides what becomes of an operation with a key. It is in `operations`, and policy allows it.
  func admit(_ operation: FrontOperation, _ keyed: KeyedRequest) {
    guard operations[operation.id] != nil else { return }
    guard idempotency.isReady else {
      wait(operation, keyed, FailureMapping.keyNotKept)
      return whenKeysAreReady { self.admit(operation, keyed) }
    }
    var dropped: [IdempotencyKey] = []
    let admission = idempotency.book.admit(
      keyed, operation.kind, entryID: operation.entryID, as: operation.id, now: moment, dropped: &dropped)
    forget(dropped)
    keyed.timer?.cancel()
    switch admission {
    case .first: lookUp(operation)
    case .wait:
      wait(operation, keyed, FailureMapping.keyInProgress(operation.name, timeout(of: operation)))
    case .replay(let result):
      operation.target.noteDeduplicated()
      finish(operation.id, result.result)
    case .reused: finish(operation.id, .failure(FailureMapping.keyReused(keyed.key)))
    case .full: finish(operation.id, .failure(FailureMapping.tooManyKeys))
    }
  }

  /// The operation waits for something of ours; at its deadline it fails.
  func wait(_ operation: FrontOperation, _ keyed: KeyedRequest, _ failure: OperationFailure) {
    keyed.timer?.cancel()
    let id = operation.id
    keyed.timer = loop.schedule(at: operation.admitted + .milliseconds(timeout(of: operation))) {
      self.finish(id, .failure(failure))
    }
  }

  /// The time that an operation has, as far as its server is known yet.
  private func timeout(of operation: FrontOperation) -> Int {
    timeout(of: catalog.entry(operation.kind, operation.entryID)?.server ?? "")
  }

  /// Sends an operation when its record is on disk: a daemon that dies behind this point leaves a trace of it.
  func recordThenSubmit(_ carried: Operation, _ keyed: KeyedRequest) {
    let id = carried.id
    guard
      let record = idempotency.book.sending(
        id, server: carried.server, boot: idempotency.boot, askedAt: .now)
    else { return finish(id, .failure(FailureMapping.keyNotKept)) }
    keyed.timer?.cancel()
    keyed.timer = loop.schedule(at: carried.deadline) { self.finish(id, .failure(FailureMapping.keyNotKept)) }
    guard let keeper = idempotency.keeper else { return recorded(carried, true) }
    keeper.saveRecord(record) { [loop] isKept in
      loop.perform { self.assumeIsolated { $0.recorded(carried, isKept) } }
    }
  }

  private func recorded(_ carried: Operation, _ isKept: Bool) {
    // It may have been given up meanwhile; then its record is on its way out of the store.
    guard let operation = operations[carried.id], idempotency.book.leads(carried.id) else { return }
    operation.keyed?.timer?.cancel()
    guard isKept else { return finish(carried.id, .failure(FailureMapping.keyNotKept)) }
    FaultPoint.keyRecorded.reach()
    // The next daemon finds that it was never sent, and carries it out for whoever asks again.
    if isHandingOver { return }
    guard !isStopping else { return finish(carried.id, .failure(FailureMapping.stopping)) }
    supervisor.assumeIsolated { $0.submit(carried) }
  }

  // MARK: Ends

  /// Notes how an operation ended, and answers those that waited for it. The receipt of its outcome, if that is to be
  /// kept and is not yet.
  func settle(_ id: OperationID, _ result: Result<JSONSlice?, OperationFailure>) -> OutcomeReceipt? {
    idempotency.book.leave(id)
    guard idempotency.book.leads(id) else { return idempotency.receipts[id] }
    if case .failure(let failure) = result, failure.executionState == .notStarted {
      guard let ended = idempotency.book.forget(id) else { return nil }
      forget(ended.dropped)
      for waiter in ended.waiters { finish(waiter, result) }
      return nil
    }
    guard let ended = idempotency.book.finish(id, KeptResult(result), now: moment), let record = ended.record else {
      return nil
    }
    forget(ended.dropped)
    let receipt = OutcomeReceipt()
    idempotency.receipts[id] = receipt
    keep(record, of: id)
    armExpiry()
    for waiter in ended.waiters {
      operations[waiter]?.target.noteDeduplicated()
      finish(waiter, result)
    }
    return receipt
  }

  private func keep(_ record: KeptRecord, of id: OperationID) {
    guard let keeper = idempotency.keeper else { return outcomeKept(record, of: id, true) }
    keeper.saveRecord(record) { [loop] isKept in
      loop.perform { self.assumeIsolated { $0.outcomeKept(record, of: id, isKept) } }
    }
  }

  private func outcomeKept(_ record: KeptRecord, of id: OperationID, _ isKept: Bool) {
    // Without it the next daemon could take the operation for one that was never sent. So the worker must keep its answer
    // until the store has it, or nobody can ask for it any more.
    if isKept { FaultPoint.outcomeKept.reach() }
    if isKept || !idempotency.book.holds(record) {
      idempotency.receipts.removeValue(forKey: id)?.isKept = true
    } else {
      loop.schedule(after: Self.storeRetry) { self.keep(record, of: id) }
    }
  }

  /// The client of an operation with a key has gone. True when the operation goes on all the same: whoever closes a
  /// connection of HTTP may be about to ask again.
  func outlivesItsClient(_ operation: FrontOperation) -> Bool {
    guard operation.keyed != nil, operation.target is HTTPExchange, idempotency.book.leads(operation.id) else {
      return false
    }
    operations[operation.id]?.target = AbsentClient(of: operation.target)
    return true
  }

  /// An operation with a key was given up by its client before it was sent. Those that wait for it want it carried out.
  func passOnKey(of id: OperationID) {
    idempotency.book.leave(id)
    guard let ended = idempotency.book.forget(id) else { return }
    forget(ended.dropped)
    for waiter in ended.waiters {
      if let operation = operations[waiter], let keyed = operation.keyed { admit(operation, keyed) }
    }
  }

  /// An operation ended that was sent and then given up by its client. Nil when it has no key.
  func settleAbandoned(_ id: OperationID, server: String, _ blob: OperationBlob, _ end: OperationEnd) -> Delivery? {
    guard idempotency.book.leads(id) else { return nil }
    return .passedOn(settle(id, outcome(of: end, server: server, blob)), mark: 0)
  }

  /// The result of an operation of which only the blob is left.
  func outcome(
    of end: OperationEnd, server: String, _ blob: OperationBlob
  ) -> Result<JSONSlice?, OperationFailure> {
    FailureMapping.outcome(
      of: end, kind: blob.kind.operation, server: server, timeoutMilliseconds: blob.timeoutMilliseconds
    ).mapError { advised($0, blob.kind, blob.entryID ?? "") }
  }

  /// Takes the records of keys out of the store.
  func forget(_ keys: [IdempotencyKey]) {
    guard !keys.isEmpty else { return }
    idempotency.keeper?.removeRecords(keys.map { ($0.principal, $0.text) })
  }

  func armExpiry() {
    guard idempotency.expiry == nil, let next = idempotency.book.nextExpiry() else { return }
    // Not one timer per key: a key may live somewhat longer.
    idempotency.expiry = loop.schedule(at: next + .seconds(1)) {
      self.idempotency.expiry = nil
      self.forget(self.idempotency.book.expire(now: .now))
      self.armExpiry()
    }
  }
}
