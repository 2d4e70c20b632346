import Platform
import Protocol
import Supervisor
import Telemetry

/// The records of idempotency keys that earlier daemons left: read from the store, compared with what the workers have.
extension FrontRouter {
  /// How long a list waits for the disk.
  private static let listPatience = Duration.seconds(5)
  /// Requests that may wait for the disk of a daemon that begins.
  private static let mostWaiting = 1024

  /// Runs `action` as soon as keys can be answered. With a disk that hangs that is never: the caller has a timer.
  func whenKeysAreReady(_ action: @escaping () -> Void) {
    if idempotency.isReady {
      action()
    } else if idempotency.waiting.count < Self.mostWaiting {
      idempotency.waiting.append(action)
    }
  }

  /// A client asks for an operation with a key again before it is known what an earlier daemon left.
  func reaskWhenReady(_ operation: FrontOperation, _ keyed: KeyedRequest) {
    operations[operation.id] = operation
    operation.target.began(operation.id) { self.abandon(operation.id) }
    wait(operation, keyed, FailureMapping.outcomeLost)
    whenKeysAreReady {
      guard self.operations.removeValue(forKey: operation.id) != nil else { return }
      keyed.timer?.cancel()
      operation.target.ended(operation.id)
      self.reask(operation)
    }
  }

  /// Begins to read what is kept. Before the loop runs, or later.
  package func restoreRecords() {
    guard let keeper = idempotency.keeper else { return recordsLoaded([]) }
    keeper.loadRecords { [loop] records in
      loop.perform { self.assumeIsolated { $0.recordsLoaded(records) } }
    }
  }

  private func recordsLoaded(_ records: [KeptRecord]) {
    idempotency.loaded = records
    judgeRecords()
  }

  /// Once the records are read and the workers are known: tells which of them are still in progress, and how the others
  /// ended.
  func judgeRecords() {
    guard !idempotency.isReady, supervisor.assumeIsolated({ $0.hasIdentifiedWorkers }),
      let loaded = idempotency.loaded
    else { return }
    idempotency.loaded = nil
    restoreFinished(loaded)
    restoreRunning(loaded)
    idempotency.isReady = true
    armExpiry()
    for id in adopted.keyed { settleAdopted(id) }
    let waiting = idempotency.waiting
    idempotency.waiting = []
    for action in waiting { action() }
  }

  private func restoreFinished(_ records: [KeptRecord]) {
    let now = moment
    let finished = records.filter { $0.finishedAt != nil }
    for record in finished.sorted(by: { ($0.finishedAt ?? 0) < ($1.finishedAt ?? 0) })
    where !idempotency.book.restore(record, now: now) {
      forget([IdempotencyKey(principal: record.principal, text: record.key)])
    }
  }

  private func restoreRunning(_ records: [KeptRecord]) {
    var lost: [KeptRecord] = []
    for record in records where record.finishedAt == nil {
      // A client may have come back for it already.
      if let id = OperationID(record.operation), adopted[id] != nil || operations[id] != nil {
        _ = idempotency.book.resume(record, as: id)
      } else {
        lost.append(record)
      }
    }
    for id in adopted.keyed {
      // Its record was deleted with the file.
      guard !idempotency.book.leads(id), let entry = adopted[id],
        let record = entry.blob.record(of: id, server: entry.server, createdAt: moment.wall)
      else { continue }
      _ = idempotency.book.resume(record, as: id)
    }
    for record in lost { judge(record) }
  }

  /// A record of an operation that no worker has.
  private func judge(_ record: KeptRecord) {
    let key = IdempotencyKey(principal: record.principal, text: record.key)
    let wasNeverSent =
      record.boot == idempotency.boot
      && supervisor.assumeIsolated { $0.provesNotSent(record.server, askedAt: record.askedAt, by: nil) }
    guard !wasNeverSent, let id = OperationID(record.operation) else { return forget([key]) }
    guard idempotency.book.resume(record, as: id) else { return }
    log.warn(
      "the outcome of an operation with an idempotency key is lost",
      [LogField("server_id", record.server), LogField("\(record.kind)_id", record.entry)])
    _ = settle(id, .failure(FailureMapping.outcomeLost))
  }

  /// An operation of an earlier daemon has an end: its outcome is kept, whether anybody asks or not.
  func settleAdopted(_ id: OperationID) {
    guard let entry = adopted[id], entry.blob.keyed != nil, let end = entry.end else { return }
    let receipt = settle(id, outcome(of: end, server: entry.server, entry.blob))
    // Its client may come back for it.
    guard entry.blob.origin == nil || entry.isUnwanted else { return }
    adopted.remove(id)
    let bound = LoopBound(receipt)
    supervisor.assumeIsolated { $0.acknowledge(id, server: entry.server, .passedOn(bound.value, mark: 0)) }
  }

  // MARK: List

  /// `GET /v1/idempotency/records`.
  func listRecords(_ target: any ReplyTarget, trace: TraceContext) {
    var timer: Timer?
    var isAnswered = false
    timer = loop.schedule(after: Self.listPatience) {
      isAnswered = true
      target.reply(FailureMapping.recordsUnread, traceID: trace.traceID.description)
    }
    whenKeysAreReady {
      guard !isAnswered else { return }
      timer?.cancel()
      var writer = JSONWriter(reserving: 256)
      writer.beginObject()
      writer.key("records")
      let scoped = self.scoped(target.scope)
      self.idempotency.book.writeRecords(
        of: IdempotencyKey.localUser,
        where: { record in
          EntryKind(rawValue: record.kind).map { scoped.knows($0, record.entry, of: record.server) } ?? false
        }, to: &writer
      ) { wall in
        WallTime(seconds: wall / 1000, microseconds: Int32(wall % 1000) * 1000).rfc3339
      }
      writer.endObject()
      target.reply(status: 200, body: writer.bytes)
    }
  }
}
