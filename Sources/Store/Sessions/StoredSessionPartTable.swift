/// The table `session_part`: one row per part of a session. Belongs to the store's thread.
struct StoredSessionPartTable {
  /// Creates the table; part of schema version 4.
  static let definition: StaticString = """
    CREATE TABLE session_part (
      session TEXT NOT NULL,
      name TEXT NOT NULL,
      content BLOB NOT NULL,
      checksum INTEGER NOT NULL,
      PRIMARY KEY (session, name)
    ) WITHOUT ROWID
    """

  private let selectAll: SQLiteStatement
  private let save: SQLiteStatement
  private let delete: SQLiteStatement
  private let deleteAll: SQLiteStatement
  private let deleteOrphans: SQLiteStatement

  init(_ connection: SQLiteConnection) throws(SQLiteError) {
    selectAll = try SQLiteStatement(
      connection, "SELECT session, name, content, checksum FROM session_part ORDER BY session, name")
    save = try SQLiteStatement(
      connection, "INSERT OR REPLACE INTO session_part (session, name, content, checksum) VALUES (?, ?, ?, ?)")
    delete = try SQLiteStatement(connection, "DELETE FROM session_part WHERE session = ? AND name = ?")
    deleteAll = try SQLiteStatement(connection, "DELETE FROM session_part WHERE session = ?")
    deleteOrphans = try SQLiteStatement(
      connection, "DELETE FROM session_part WHERE session NOT IN (SELECT id FROM session)")
  }

  /// The parts by their sessions, in the byte order of their names; the names of damaged ones go to `damaged`.
  func load(
    damaged: inout [(session: String, name: String)]
  ) throws(SQLiteError) -> [String: [StoredSession.Part]] {
    var parts: [String: [StoredSession.Part]] = [:]
    try selectAll.forEachRow { row in
      let session = row.text(0) ?? ""
      let part = StoredSession.Part(name: row.text(1) ?? "", content: row.bytes(2) ?? [])
      if part.checksum(of: session) == row.integer(3) {
        parts[session, default: []].append(part)
      } else {
        damaged.append((session, part.name))
      }
    }
    return parts
  }

  func save(_ part: StoredSession.Part, of session: String) throws(SQLiteError) {
    try save.run(
      .text(session), .text(part.name), SQLiteValue(part.content), .integer(part.checksum(of: session)))
  }

  func remove(_ name: String, of session: String) throws(SQLiteError) {
    try delete.run(.text(session), .text(name))
  }

  func removeAll(of session: String) throws(SQLiteError) { try deleteAll.run(.text(session)) }

  /// Forgets the parts of sessions that there are not.
  func removeOrphans() throws(SQLiteError) { try deleteOrphans.run() }
}
