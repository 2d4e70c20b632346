/// The table `session`: one row per session of an HTTP client. Belongs to the store's thread.
struct StoredSessionTable {
  /// Creates the table; part of schema version 3. No second index, as for catalogs.
  static let definition: StaticString = """
    CREATE TABLE session (
      id TEXT NOT NULL PRIMARY KEY,
      owner TEXT NOT NULL,
      content BLOB NOT NULL,
      checksum INTEGER NOT NULL
    ) WITHOUT ROWID
    """

  private let selectAll: SQLiteStatement
  private let save: SQLiteStatement
  private let delete: SQLiteStatement

  init(_ connection: SQLiteConnection) throws(SQLiteError) {
    selectAll = try SQLiteStatement(connection, "SELECT id, owner, content, checksum FROM session ORDER BY id")
    save = try SQLiteStatement(
      connection, "INSERT OR REPLACE INTO session (id, owner, content, checksum) VALUES (?, ?, ?, ?)")
    delete = try SQLiteStatement(connection, "DELETE FROM session WHERE id = ?")
  }

  /// Appends every whole row to `rows`, in the byte order of the ids, and the ids of damaged ones to `damaged`. After an
  /// error both have what came before it.
  func load(into rows: inout [StoredSession], damaged: inout [String]) throws(SQLiteError) {
    try selectAll.forEachRow { row in
      let session = StoredSession(id: row.text(0) ?? "", owner: row.text(1) ?? "", content: row.bytes(2) ?? [])
      if session.checksum == row.integer(3) { rows.append(session) } else { damaged.append(session.id) }
    }
  }

  /// Without its parts.
  func save(_ row: StoredSession) throws(SQLiteError) {
    try save.run(.text(row.id), .text(row.owner), SQLiteValue(row.content), .integer(row.checksum))
  }

  func remove(_ id: String) throws(SQLiteError) { try delete.run(.text(id)) }
}
