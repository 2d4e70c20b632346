package import Platform
import Synchronization

/// State that must survive the daemon, in `state.db` in the instance's state directory. It may be deleted at any time:
/// catalogs are a cache, idempotency keys and sessions are forgotten then. Nothing that happens to it stops the daemon.
///
/// A thread of its own does everything that touches the disk. Changes of catalogs are queued, the last one per server
/// wins, and what cannot be written stays queued and is tried again with the next change. Changes of records are made in
/// their order, and whoever asks for one is told whether it is in the file. All methods may be called from anywhere;
/// those with a `timeout` block the caller and are for the start and the end of the program.
///
/// A further table is a file beside `CatalogTable`, a step in `StoreSchema`, a member of `OpenStore` and one of
/// `Pending`.
package final class Store: Sendable {
  struct Pending {
    var catalogs = CatalogChanges()
    var records: [RecordChange] = []
    var sessions = SessionChanges()
    /// Whether the thread has been told.
    var isScheduled = false
    var isClosed = false
  }

  private let pending = Mutex(Pending())
  /// Never contended: only work on `thread` locks it, one piece after the other.
  private let file: Mutex<StoreFile>
  private let limiter = Mutex(ReportLimiter())
  private let thread: BlockingThread
  private let report: @Sendable (StoreReport) -> Void
  private let directory: String

  /// Opens nothing yet. `directory` is absolute and is created with the first change. `report` is called on the store's
  /// thread, or within `loadCatalogs`, at most once per kind and ten minutes; it must not block.
  package init(directory: String, report: @escaping @Sendable (StoreReport) -> Void) throws(SystemError) {
    thread = try BlockingThread(name: "store")
    file = Mutex(StoreFile(directory: directory))
    self.directory = directory
    self.report = report
  }

  /// What the last daemon knew, in the byte order of the servers; of a file that is damaged, what can be trusted.
  /// Blocks; for the start. After `timeout` it goes on with nothing: a disk that hangs must not keep the daemon down.
  package func loadCatalogs(timeout: Duration = .seconds(2)) -> [StoredCatalog] {
    let rows = thread.runAndWait(timeout: timeout) { [self] in
      let (rows, unsaved, reports) = file.withLock { file in
        var unsaved = CatalogChanges()
        let rows = file.loadCatalogs(unsaved: &unsaved)
        return (rows, unsaved, Self.take(&file.reports))
      }
      deliver(reports)
      if !unsaved.isEmpty { enqueue(olderThanQueued: unsaved) }
      return rows
    }
    if let rows { return rows }
    deliver([StoreReport(kind: .slow, description: "the disk of \(directory) does not answer; going on without it")])
    return []
  }

  // MARK: Changes

  /// Remembers a completed listing; of several for one server that wait to be written, the last.
  package func saveCatalog(_ catalog: StoredCatalog) {
    enqueue { $0.save(catalog) }
  }

  /// Remembers that a first attempt has ended without a listing. A listing of the same entry stays; one of an entry
  /// with another fingerprint is forgotten.
  package func noteAttempt(server: String, fingerprint: String) {
    enqueue { $0.save(StoredCatalog(server: server, fingerprint: fingerprint, listing: nil)) }
  }

  /// Forgets every server that is not in `servers` (removed or disabled ones).
  package func removeCatalogs(except servers: Set<String>) {
    enqueue { $0.remove(except: servers) }
  }

  private func enqueue(_ change: (inout CatalogChanges) -> Void) {
    _ = take { pending in change(&pending.catalogs) }
  }

  /// False when the store is closed.
  func take(_ change: (inout Pending) -> Void) -> Bool {
    let (isOpen, mustSchedule) = pending.withLock { pending in
      guard !pending.isClosed else { return (false, false) }
      change(&pending)
      defer { pending.isScheduled = true }
      return (true, !pending.isScheduled)
    }
    if mustSchedule { schedule() }
    return isOpen
  }

  private func enqueue(olderThanQueued older: CatalogChanges) {
    enqueue { queued in
      let newer = queued
      queued = older
      queued.append(newer)
    }
  }

  private func schedule() {
    // A full queue means that the thread hangs. The next change, or the end, asks again.
    if !thread.submit({ [self] in drain() }) { pending.withLock { $0.isScheduled = false } }
  }

  // MARK: Idempotency keys

  /// Reads all records and calls `done` with them on the store's thread, once. False when that cannot be queued.
  package func loadRecords(_ done: @escaping @Sendable ([StoredRecord]) -> Void) -> Bool {
    read(done) { $0.loadRecords() }
  }

  /// Calls `done` with rows of the file, on the store's thread. False when that cannot be queued.
  func read<Row: Sendable>(
    _ done: @escaping @Sendable ([Row]) -> Void, _ load: @escaping @Sendable (inout StoreFile) -> [Row]
  ) -> Bool {
    thread.submit { [self] in
      let (rows, reports) = file.withLock { file in (load(&file), Self.take(&file.reports)) }
      deliver(reports)
      done(rows)
    }
  }

  /// Writes a record. `done` is told, on the store's thread or at once, whether it is in the file. One without an outcome
  /// is on the disk then and survives a power cut.
  package func saveRecord(_ record: StoredRecord, _ done: @escaping @Sendable (Bool) -> Void) {
    change(RecordChange(kind: .save(record), done: done))
  }

  /// Forgets these keys.
  package func removeRecords(_ keys: [StoredRecord.Key]) {
    change(RecordChange(kind: .remove(keys), done: { _ in }))
  }

  private func change(_ change: RecordChange) {
    let isOpen = take { pending in pending.records.append(change) }
    if !isOpen { change.done(false) }
  }

  // MARK: Ending

  /// Writes what is queued. Blocks until then, or until `timeout`. True when everything is written.
  package func flush(timeout: Duration) -> Bool {
    thread.runAndWait(timeout: timeout) { [self] in drain() } ?? false
  }

  /// Writes what is queued, merges the log into the file and closes it; later changes are ignored. Blocks until then,
  /// or until `timeout`. True when everything is written.
  @discardableResult
  package func close(timeout: Duration) -> Bool {
    pending.withLock { $0.isClosed = true }
    let isWritten = thread.runAndWait(timeout: timeout) { [self] in
      defer { file.withLock { $0.close() } }
      return drain()
    }
    return isWritten ?? false
  }

  // MARK: On the thread

  /// True when nothing is left.
  @discardableResult
  private func drain() -> Bool {
    let (changes, records, sessions) = pending.withLock { pending in
      defer {
        pending.catalogs = CatalogChanges()
        pending.records = []
        pending.sessions = SessionChanges()
      }
      pending.isScheduled = false
      return (pending.catalogs, pending.records, pending.sessions)
    }
    // Somebody waits for these.
    if !records.isEmpty { write(records) }
    if !sessions.isEmpty {
      let reports = file.withLock { file in
        file.write(sessions.kinds)
        return Self.take(&file.reports)
      }
      deliver(reports)
      sessions.done()
    }
    if changes.isEmpty { return true }
    let (left, reports) = file.withLock { file in (file.write(changes), Self.take(&file.reports)) }
    deliver(reports)
    return pending.withLock { pending in
      var all = left
      all.append(pending.catalogs)
      pending.catalogs = all
      return all.isEmpty
    }
  }

  private func write(_ records: [RecordChange]) {
    let (isWritten, reports) = file.withLock { file in (file.write(records), Self.take(&file.reports)) }
    deliver(reports)
    for (change, isWritten) in zip(records, isWritten) { change.done(isWritten) }
  }

  private func deliver(_ reports: [StoreReport]) {
    for each in reports where limiter.withLock({ $0.admits(each.kind, now: .now) }) { report(each) }
  }

  private static func take(_ reports: inout [StoreReport]) -> [StoreReport] {
    defer { reports = [] }
    return reports
  }
}
