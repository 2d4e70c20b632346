/// The state file through all its accidents: missing, deleted under us, damaged, not writable. Belongs to the store's
/// thread. No call fails; what happened is appended to `reports`.
struct StoreFile {
  private let directory: StoreDirectory
  private var current: (store: OpenStore, identity: FileIdentity?)?
  /// Whole rows of files that were set aside, to be written into the new one.
  private var salvaged = CatalogChanges()
  var salvagedRecords: [StoredRecord] = []
  /// For the log; whoever reads them empties the list.
  var reports: [StoreReport] = []

  init(directory: String) { self.directory = StoreDirectory(path: directory) }

  /// The state file.
  var path: String { directory.file }
  var hasFile: Bool { directory.hasFile }

  /// Closes the file; the last one to do so merges the log into it. Idempotent.
  mutating func close() { current = nil }

  // MARK: Reading

  /// All whole catalogs, in the byte order of the servers. Those that a damaged file still gave are also in `unsaved`.
  mutating func loadCatalogs(unsaved: inout CatalogChanges) -> [StoredCatalog] {
    // Creating a file costs several fsyncs, and a daemon that starts for the first time waits for us.
    guard directory.hasFile else { return [] }
    var rows: [StoredCatalog] = []
    do throws(StoreFailure) {
      do throws(StoreFailure) {
        rows = try load()
      } catch {
        guard error.condition == .unusable else { throw error }
        try setAside(error)
      }
    } catch {
      note(error, "was not opened for writing")
      if salvaged.isEmpty { return loadReadOnly() }
    }
    if salvaged.isEmpty { return rows }
    unsaved = salvaged
    rows += salvaged.rows.values
    salvaged = CatalogChanges()
    return rows.sorted { $0.server.utf8.lexicographicallyPrecedes($1.server.utf8) }
  }

  private mutating func load() throws(StoreFailure) -> [StoredCatalog] {
    let store = try opened()
    var rows: [StoredCatalog] = []
    var damaged: [String] = []
    do throws(SQLiteError) {
      try store.catalogs.load(into: &rows, damaged: &damaged)
      if damaged.isEmpty { return rows }
      add(.entryDamaged, "entries in \(directory.file) are damaged and forgotten: \(damaged.joined(separator: ", "))")
      for server in damaged { try store.catalogs.remove(server) }
      // A row whose damaged key is not where its order wants it is never found, and would be reported for ever.
      var whole: [StoredCatalog] = []
      damaged = []
      try store.catalogs.load(into: &whole, damaged: &damaged)
    } catch {
      throw StoreFailure(error)
    }
    if !damaged.isEmpty { throw StoreFailure(.unusable, "entries that are damaged cannot be removed") }
    return rows
  }

  /// What can be had without writing a byte, up to the first damage.
  private func loadReadOnly() -> [StoredCatalog] {
    readOnly { store, rows in
      var damaged: [String] = []
      try? store.catalogs.load(into: &rows, damaged: &damaged)
    }
  }

  /// The rows that `load` finds in the file without writing a byte.
  func readOnly<Row>(_ load: (OpenStore, inout [Row]) -> Void) -> [Row] {
    // Without the log second: reading it needs a file beside it, which a read-only directory may not have.
    for ignoringLog in [false, true] {
      guard let store = try? OpenStore(readOnly: directory, ignoringLog: ignoringLog) else { continue }
      var rows: [Row] = []
      load(store, &rows)
      if !rows.isEmpty { return rows }
    }
    return []
  }

  // MARK: Writing

  /// Writes what it can and returns the rest, which is to be tried again later.
  mutating func write(_ changes: CatalogChanges) -> CatalogChanges {
    var left = changes
    do throws(StoreFailure) {
      do throws(StoreFailure) {
        try apply(&left)
      } catch {
        guard error.condition == .unusable else { throw error }
        try setAside(error)
        try apply(&left)
      }
      reportRecovery()
    } catch {
      note(error, "was not written")
      // Whatever made it fail may have made the connection useless too.
      if error.condition != .full, error.condition != .busy { close() }
    }
    return left
  }

  /// Each row is a transaction of its own: one that does not fit any more keeps no other out.
  private mutating func apply(_ left: inout CatalogChanges) throws(StoreFailure) {
    let catalogs = try opened().catalogs
    if !salvaged.isEmpty {
      salvaged.append(left)
      left = salvaged
      salvaged = CatalogChanges()
    }
    var noSpace: StoreFailure?
    if let kept = left.kept {
      try attempt("the removal of servers", &noSpace) { () throws(SQLiteError) in
        try catalogs.remove(except: kept)
        left.removalIsDone()
      }
      // Rows must not be written before what was asked for earlier.
      if let noSpace { throw noSpace }
    }
    for (server, row) in left.rows.sorted(by: { $0.key < $1.key }) {
      let isDone = try attempt("the catalog of \(server)", &noSpace) { () throws(SQLiteError) in
        try catalogs.save(row)
      }
      if isDone { left.rowIsDone(server) }
    }
    if let noSpace { throw noSpace }
  }

  /// Whether the change needs no further attempt. Lack of space is noted instead of thrown.
  @discardableResult
  private mutating func attempt(
    _ what: String, _ noSpace: inout StoreFailure?, _ body: () throws(SQLiteError) -> Void
  ) throws(StoreFailure) -> Bool {
    do throws(SQLiteError) {
      try body()
      return true
    } catch {
      let failure = StoreFailure(error)
      switch failure.condition {
      case .full:
        noSpace = failure
        return false
      case .refused:
        add(.refused, "\(what) cannot be stored in \(directory.file): \(error)")
        return true
      case .unusable, .readOnly, .busy, .failed: throw failure
      }
    }
  }

  // MARK: Opening

  mutating func opened() throws(StoreFailure) -> OpenStore {
    if let current {
      if let identity = current.identity, identity == FileIdentity(path: directory.file) { return current.store }
      // Somebody deleted or replaced the file: it is a cache, and they may. Writing into the old one would be lost.
      close()
    }
    let store: OpenStore
    do throws(StoreFailure) {
      store = try OpenStore(directory: directory)
    } catch {
      guard error.condition == .unusable else { throw error }
      try setAside(error)
      store = try OpenStore(directory: directory)
    }
    current = (store, FileIdentity(path: directory.file))
    return store
  }

  mutating func setAside(_ reason: StoreFailure) throws(StoreFailure) {
    close()
    for row in loadReadOnly() { salvaged.save(row) }
    salvagedRecords += recordsReadOnly()
    let name = try directory.setAside()
    add(.setAside, "\(directory.file) was set aside as \(name) and is started anew: \(reason)")
  }

  // MARK: Reporting

  /// For the log, if it was told of trouble before.
  mutating func reportRecovery() { add(.recovered, "state is saved again in \(directory.file)") }

  mutating func note(_ failure: StoreFailure, _ what: String) {
    let kind: StoreReport.Kind =
      switch failure.condition {
      case .full: .full
      case .readOnly: .readOnly
      case .busy: .busy
      case .unusable, .refused, .failed: .failed
      }
    add(kind, "\(directory.file) \(what), the next change tries again: \(failure)")
  }

  mutating func add(_ kind: StoreReport.Kind, _ description: String) {
    reports.append(StoreReport(kind: kind, description: description))
  }
}
