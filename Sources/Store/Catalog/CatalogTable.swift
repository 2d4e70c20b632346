/// The table `catalog`: one row per server. Belongs to the store's thread.
struct CatalogTable {
  /// Creates the table; part of schema version 1. No second index: one b-tree cannot contradict itself.
  static let definition: StaticString = """
    CREATE TABLE catalog (
      server TEXT NOT NULL PRIMARY KEY,
      fingerprint TEXT NOT NULL,
      hash TEXT,
      era TEXT,
      lists BLOB,
      checksum INTEGER NOT NULL
    ) WITHOUT ROWID
    """

  private let connection: SQLiteConnection
  private let selectAll: SQLiteStatement
  private let selectServers: SQLiteStatement
  private let saveListing: SQLiteStatement
  private let saveAttempt: SQLiteStatement
  private let delete: SQLiteStatement

  init(_ connection: SQLiteConnection) throws(SQLiteError) {
    self.connection = connection
    selectAll = try SQLiteStatement(
      connection, "SELECT server, fingerprint, hash, era, lists, checksum FROM catalog ORDER BY server")
    selectServers = try SQLiteStatement(connection, "SELECT server FROM catalog")
    // An upstream lists again after every reconnect; what has not changed costs no write.
    saveListing = try SQLiteStatement(
      connection,
      """
      INSERT INTO catalog (server, fingerprint, hash, era, lists, checksum) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (server) DO UPDATE SET
        fingerprint = excluded.fingerprint, hash = excluded.hash, era = excluded.era, lists = excluded.lists,
        checksum = excluded.checksum
      WHERE checksum IS NOT excluded.checksum OR lists IS NOT excluded.lists
      """)
    // A failed attempt takes no listing away, unless that is of another entry.
    saveAttempt = try SQLiteStatement(
      connection,
      """
      INSERT INTO catalog (server, fingerprint, checksum) VALUES (?, ?, ?)
      ON CONFLICT (server) DO UPDATE SET
        fingerprint = excluded.fingerprint, hash = NULL, era = NULL, lists = NULL, checksum = excluded.checksum
      WHERE fingerprint IS NOT excluded.fingerprint
      """)
    delete = try SQLiteStatement(connection, "DELETE FROM catalog WHERE server = ?")
  }

  /// Appends every whole row to `rows`, in the byte order of the servers, and the servers of damaged ones to `damaged`.
  /// After an error both have what came before it.
  func load(into rows: inout [StoredCatalog], damaged: inout [String]) throws(SQLiteError) {
    try selectAll.forEachRow { row in
      let server = row.text(0) ?? ""
      var catalog = StoredCatalog(server: server, fingerprint: row.text(1) ?? "", listing: nil)
      if let lists = row.bytes(4) {
        catalog.listing = StoredCatalog.Listing(hash: row.text(2) ?? "", lists: lists, era: row.text(3))
      }
      if catalog.checksum == row.integer(5) { rows.append(catalog) } else { damaged.append(server) }
    }
  }

  func save(_ row: StoredCatalog) throws(SQLiteError) {
    if let listing = row.listing {
      try saveListing.run(
        .text(row.server), .text(row.fingerprint), .text(listing.hash), SQLiteValue(listing.era),
        .blob(listing.lists), .integer(row.checksum))
    } else {
      try saveAttempt.run(.text(row.server), .text(row.fingerprint), .integer(row.checksum))
    }
  }

  func remove(_ server: String) throws(SQLiteError) { try delete.run(.text(server)) }

  func remove(except kept: Set<String>) throws(SQLiteError) {
    try connection.transaction { () throws(SQLiteError) in
      var gone: [String] = []
      try selectServers.forEachRow { row in
        if let server = row.text(0), !kept.contains(server) { gone.append(server) }
      }
      for server in gone { try remove(server) }
    }
  }
}
