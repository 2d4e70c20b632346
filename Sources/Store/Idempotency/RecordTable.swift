/// The table `idempotency`: one row per key. Belongs to the store's thread.
struct RecordTable {
  /// Creates the table; part of schema version 2. No second index, as for catalogs.
  static let definition: StaticString = """
    CREATE TABLE idempotency (
      principal TEXT NOT NULL,
      key TEXT NOT NULL,
      binding TEXT NOT NULL,
      kind TEXT NOT NULL,
      entry TEXT NOT NULL,
      server TEXT NOT NULL,
      operation TEXT NOT NULL,
      boot TEXT NOT NULL,
      asked INTEGER NOT NULL,
      created INTEGER NOT NULL,
      finished INTEGER,
      result BLOB,
      checksum INTEGER NOT NULL,
      PRIMARY KEY (principal, key)
    ) WITHOUT ROWID
    """

  private let selectAll: SQLiteStatement
  private let save: SQLiteStatement
  private let delete: SQLiteStatement

  init(_ connection: SQLiteConnection) throws(SQLiteError) {
    selectAll = try SQLiteStatement(
      connection,
      """
      SELECT principal, key, binding, kind, entry, server, operation, boot, asked, created, finished, result, checksum
      FROM idempotency ORDER BY principal, key
      """)
    save = try SQLiteStatement(
      connection,
      """
      INSERT OR REPLACE INTO idempotency
        (principal, key, binding, kind, entry, server, operation, boot, asked, created, finished, result, checksum)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    delete = try SQLiteStatement(connection, "DELETE FROM idempotency WHERE principal = ? AND key = ?")
  }

  /// Appends every whole row to `rows`, in the byte order of the keys, and the keys of damaged ones to `damaged`. After an
  /// error both have what came before it.
  func load(into rows: inout [StoredRecord], damaged: inout [StoredRecord.Key]) throws(SQLiteError) {
    try selectAll.forEachRow { row in
      func text(_ column: Int32) -> String { row.text(column) ?? "" }
      var record = StoredRecord(
        key: StoredRecord.Key(principal: text(0), text: text(1)), binding: text(2), kind: text(3), entry: text(4),
        server: text(5), operation: text(6), boot: text(7), askedAt: row.integer(8), createdAt: row.integer(9))
      if let result = row.bytes(11) {
        record.outcome = StoredRecord.Outcome(finishedAt: row.integer(10), result: result)
      }
      if record.checksum == row.integer(12) { rows.append(record) } else { damaged.append(record.key) }
    }
  }

  func save(_ row: StoredRecord) throws(SQLiteError) {
    try save.run(
      .text(row.key.principal), .text(row.key.text), .text(row.binding), .text(row.kind), .text(row.entry),
      .text(row.server), .text(row.operation), .text(row.boot), .integer(row.askedAt), .integer(row.createdAt),
      row.outcome.map { .integer($0.finishedAt) } ?? .null, SQLiteValue(row.outcome?.result), .integer(row.checksum))
  }

  func remove(_ key: StoredRecord.Key) throws(SQLiteError) {
    try delete.run(.text(key.principal), .text(key.text))
  }
}
