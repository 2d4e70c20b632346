import Platform
import Protocol

/// Which keys stand for which operations, and how those ended. Decides whether an operation with a key is carried out,
/// waits for the first one, or gets the first one's outcome. Pure.
///
/// A key in progress stays until its operation has an outcome, however long that takes; with an outcome it stays for
/// `lifetime`, unless room is needed: then the one that has been finished longest goes.
struct IdempotencyBook {
  struct Limits: Sendable {
    var records = 10_000
    /// Of all outcomes together, in bytes.
    var bytes = 32 << 20
    /// Operations that wait for the same first one.
    var waiters = 1024
    var lifetime = Duration.seconds(3600)
  }

  /// Now, on both clocks.
  struct Moment: Sendable {
    let time: MonotonicTime
    /// Milliseconds since 1970.
    let wall: Int64
  }

  enum Admission: Equatable {
    /// The key is new: carry it out.
    case first
    /// The first operation is under way; `finish` or `forget` names this one among its waiters.
    case wait
    case replay(KeptResult)
    /// The key stands for something else.
    case reused
    /// Everything that is remembered is in progress, or too many wait already.
    case full
  }

  /// What the end of an operation means for others.
  struct Ended {
    let record: KeptRecord?
    /// Operations that get the same answer.
    let waiters: [OperationID]
    /// Keys that are not remembered any more.
    var dropped: [IdempotencyKey] = []
  }

  private struct Entry {
    let key: IdempotencyKey
    let operation: OperationID
    /// `finishedAt` and `result` nil while it is in progress.
    var record: KeptRecord
    /// Its record was given to the keeper.
    var isWritten = false
    var waiters: [OperationID] = []
    /// Where it is in `finished`.
    var place: UInt64?
    var expiry = MonotonicTime(nanoseconds: .max)
    var replays = 0

    var size: Int { record.result?.count ?? 0 }
  }

  let limits: Limits
  private var entries: [IdempotencyKey: Entry] = [:]
  /// Of the operations that carry a key out.
  private var leading: [OperationID: IdempotencyKey] = [:]
  private var waiting: [OperationID: IdempotencyKey] = [:]
  /// Keys with an outcome by the order in which they got it.
  private var finished: [UInt64: IdempotencyKey] = [:]
  private var firstPlace: UInt64 = 0
  private var nextPlace: UInt64 = 0
  private(set) var bytes = 0

  init(limits: Limits = Limits()) { self.limits = limits }

  var count: Int { entries.count }

  /// Nothing is in progress.
  var isIdle: Bool { leading.isEmpty }

  /// Whether this operation is the first of a key that has no outcome yet.
  func leads(_ operation: OperationID) -> Bool { leading[operation] != nil }

  func waits(_ operation: OperationID) -> Bool { waiting[operation] != nil }

  /// The record of the key that an operation leads.
  func record(of operation: OperationID) -> KeptRecord? { leading[operation].flatMap { entries[$0]?.record } }

  /// Whether this record is still that of its key.
  func holds(_ record: KeptRecord) -> Bool {
    entries[IdempotencyKey(principal: record.principal, text: record.key)]?.record.operation == record.operation
  }

  // MARK: Operations

  /// Takes an operation with a key. `dropped` gets the keys that had to go for it.
  mutating func admit(
    _ request: KeyedRequest, _ kind: EntryKind, entryID: String, as operation: OperationID, now: Moment,
    dropped: inout [IdempotencyKey]
  ) -> Admission {
    let key = request.key
    if var entry = entries[key] {
      guard entry.record.binding == request.binding.hex else { return .reused }
      if let result = entry.record.result {
        entry.replays += 1
        entries[key] = entry
        return .replay(KeptResult(reading: result))
      }
      guard entry.waiters.count < limits.waiters else { return .full }
      entry.waiters.append(operation)
      entries[key] = entry
      waiting[operation] = key
      return .wait
    }
    while entries.count >= limits.records {
      guard let oldest = dropOldest() else { return .full }
      dropped.append(oldest)
    }
    let record = KeptRecord(
      principal: key.principal, key: key.text, binding: request.binding.hex, kind: kind.rawValue, entry: entryID,
      server: "", operation: operation.description, boot: "", askedAt: 0, createdAt: now.wall)
    entries[key] = Entry(key: key, operation: operation, record: record)
    leading[operation] = key
    return .first
  }

  /// The operation is about to be sent to a worker: what must be kept before that.
  mutating func sending(_ operation: OperationID, server: String, boot: String, askedAt: MonotonicTime) -> KeptRecord? {
    guard let key = leading[operation], var entry = entries[key] else { return nil }
    entry.record.server = server
    entry.record.boot = boot
    entry.record.askedAt = askedAt.nanoseconds
    entry.isWritten = true
    entries[key] = entry
    return entry.record
  }

  /// The operation has an outcome. Nil when it leads no key.
  mutating func finish(_ operation: OperationID, _ result: KeptResult, now: Moment) -> Ended? {
    guard let key = leading.removeValue(forKey: operation), var entry = entries[key] else { return nil }
    let waiters = entry.waiters
    entry.waiters = []
    entry.replays += waiters.count
    entry.record.finishedAt = now.wall
    entry.record.result = result.bytes
    for waiter in waiters { waiting[waiter] = nil }
    settle(&entry, expiry: now.time + limits.lifetime)
    var ended = Ended(record: entry.record, waiters: waiters)
    while bytes > limits.bytes, let oldest = dropOldest() { ended.dropped.append(oldest) }
    return ended
  }

  /// The operation was provably not sent: the next one with its key is carried out. Nil when it leads no key. `dropped` has
  /// the key when its record was given to the keeper.
  mutating func forget(_ operation: OperationID) -> Ended? {
    guard let key = leading.removeValue(forKey: operation), let entry = entries.removeValue(forKey: key) else {
      return nil
    }
    for waiter in entry.waiters { waiting[waiter] = nil }
    return Ended(record: nil, waiters: entry.waiters, dropped: entry.isWritten ? [key] : [])
  }

  /// An operation does not wait any more.
  mutating func leave(_ operation: OperationID) {
    guard let key = waiting.removeValue(forKey: operation) else { return }
    entries[key]?.waiters.removeAll { $0 == operation }
  }

  // MARK: Time

  /// When the next key expires; nil when none has an outcome.
  mutating func nextExpiry() -> MonotonicTime? { oldest().flatMap { entries[$0]?.expiry } }

  /// Forgets keys whose time is over, and names them.
  mutating func expire(now: MonotonicTime) -> [IdempotencyKey] {
    var expired: [IdempotencyKey] = []
    while let key = oldest(), let entry = entries[key], entry.expiry <= now {
      drop(entry)
      expired.append(key)
    }
    return expired
  }

  // MARK: An earlier daemon

  /// Takes the record of an operation that a worker still has. False when the key stands for something already.
  mutating func resume(_ record: KeptRecord, as operation: OperationID) -> Bool {
    let key = IdempotencyKey(principal: record.principal, text: record.key)
    guard entries[key] == nil else { return false }
    var entry = Entry(key: key, operation: operation, record: record)
    entry.record.finishedAt = nil
    entry.record.result = nil
    entry.isWritten = true
    entries[key] = entry
    leading[operation] = key
    return true
  }

  /// Takes a record with an outcome. To be called in the order in which they were finished. False when its time is over,
  /// or there is no room for it.
  mutating func restore(_ record: KeptRecord, now: Moment) -> Bool {
    let key = IdempotencyKey(principal: record.principal, text: record.key)
    guard entries[key] == nil, let finishedAt = record.finishedAt, let result = record.result else { return false }
    // A clock that was set back must not make it live for ever.
    let age = Duration.milliseconds(max(0, now.wall.subtractingReportingOverflow(finishedAt).partialValue))
    guard age < limits.lifetime, entries.count < limits.records, bytes + result.count <= limits.bytes else {
      return false
    }
    var entry = Entry(
      key: key, operation: OperationID(record.operation) ?? OperationID(high: 0, low: 0), record: record)
    entry.isWritten = true
    settle(&entry, expiry: now.time + (limits.lifetime - age))
    return true
  }

  // MARK: List

  /// The keys of one principal as `GET /v1/idempotency/records` shows them; the oldest first.
  func writeRecords(
    of principal: String, where isShown: (KeptRecord) -> Bool = { _ in true }, to writer: inout JSONWriter,
    time: (Int64) -> String
  ) {
    let own = entries.values.filter { $0.key.principal == principal && isShown($0.record) }
    writer.beginArray()
    for entry in own.sorted(by: { ($0.record.createdAt, $0.key.text) < ($1.record.createdAt, $1.key.text) }) {
      writer.beginObject()
      writer.member("key", entry.key.text)
      writer.member("kind", entry.record.kind)
      writer.member("id", entry.record.entry)
      let state = entry.record.result.map { KeptResult(reading: $0).state } ?? .inProgress
      writer.member("state", state.rawValue)
      writer.member("created_at", time(entry.record.createdAt))
      writer.member("finished_at", entry.record.finishedAt.map(time))
      writer.member("replay_count", entry.replays)
      writer.endObject()
    }
    writer.endArray()
  }

  // MARK: Finished ones

  private mutating func settle(_ entry: inout Entry, expiry: MonotonicTime) {
    entry.expiry = expiry
    entry.place = nextPlace
    finished[nextPlace] = entry.key
    nextPlace += 1
    bytes += entry.size
    entries[entry.key] = entry
  }

  private mutating func oldest() -> IdempotencyKey? {
    while firstPlace < nextPlace {
      if let key = finished[firstPlace] { return key }
      firstPlace += 1
    }
    return nil
  }

  private mutating func dropOldest() -> IdempotencyKey? {
    guard let key = oldest(), let entry = entries[key] else { return nil }
    drop(entry)
    return key
  }

  private mutating func drop(_ entry: Entry) {
    entries[entry.key] = nil
    if let place = entry.place { finished[place] = nil }
    bytes -= entry.size
  }
}
