/// The open state file and its tables. Belongs to the store's thread.
struct OpenStore {
  let connection: SQLiteConnection
  let catalogs: CatalogTable
  /// Nil in a file of an older schema that cannot be written.
  let records: RecordTable?
  /// Nil likewise.
  let sessions: StoredSessionTable?
  let sessionParts: StoredSessionPartTable?

  /// Opens the file for reading and writing, creates it where it is missing and brings it to the current schema.
  init(directory: StoreDirectory) throws(StoreFailure) {
    try directory.prepare()
    let connection: SQLiteConnection
    do throws(SQLiteError) {
      connection = try SQLiteConnection(path: directory.file, mode: .readWrite)
    } catch {
      throw StoreFailure(error)
    }
    if connection.isReadOnly { throw directory.readOnlyFailure }
    // Before anything is written: the file may belong to somebody else.
    let version = try StoreSchema.inspect(connection)
    // Again: now the file's header is known.
    if connection.isReadOnly { throw directory.readOnlyFailure }
    do throws(SQLiteError) {
      try connection.execute("PRAGMA journal_mode = WAL")
      // A power cut may take the last changes, and never the file. Nothing here is worth an fsync per change.
      try connection.execute("PRAGMA synchronous = NORMAL")
      // The log is cut back to this after a checkpoint, in bytes; the cache is in KiB.
      try connection.execute("PRAGMA journal_size_limit = 4194304")
      try connection.execute("PRAGMA cache_size = -512")
      if version < StoreSchema.version { try StoreSchema.migrate(connection) }
    } catch {
      throw StoreFailure(error)
    }
    try self.init(connection: connection)
  }

  /// Opens a file that cannot be written; see `SQLiteConnection.Mode`.
  init(readOnly directory: StoreDirectory, ignoringLog: Bool) throws(StoreFailure) {
    guard directory.hasRegularFile else { throw StoreFailure(.unusable, "it is not a regular file") }
    let connection: SQLiteConnection
    do throws(SQLiteError) {
      connection = try SQLiteConnection(path: directory.file, mode: .readOnly(ignoringLog: ignoringLog))
    } catch {
      throw StoreFailure(error)
    }
    let version = try StoreSchema.inspect(connection)
    guard version > 0 else { throw StoreFailure(.readOnly, "it is empty and cannot be written") }
    try self.init(connection: connection, version: version)
  }

  private init(connection: SQLiteConnection, version: Int = StoreSchema.version) throws(StoreFailure) {
    self.connection = connection
    do throws(SQLiteError) {
      catalogs = try CatalogTable(connection)
      records = version >= 2 ? try RecordTable(connection) : nil
      sessions = version >= 3 ? try StoredSessionTable(connection) : nil
      sessionParts = version >= 4 ? try StoredSessionPartTable(connection) : nil
    } catch {
      throw StoreFailure(ofSchema: error)
    }
  }
}
