import CSQLite

/// One open database file. Belongs to the thread that opened it; closed when the last statement of it and this object
/// are gone. All SQL is written in the program (`StaticString`): data reaches it through bound values only.
final class SQLiteConnection {
  /// How long a call waits for another process that holds the file, in milliseconds.
  static let busyMilliseconds: Int32 = 2_000

  enum Mode {
    /// The file has to exist.
    case readWrite
    /// Of a file that cannot be written. With `ignoringLog`, not even the files beside it are looked at: what only the
    /// write-ahead log has is missing then.
    case readOnly(ignoringLog: Bool)
  }

  let database: OpaquePointer

  init(path: String, mode: Mode) throws(SQLiteError) {
    var opened: OpaquePointer?
    var flags = SQLITE_OPEN_NOMUTEX
    var name = path
    switch mode {
    case .readWrite: flags |= SQLITE_OPEN_READWRITE
    case .readOnly(let ignoringLog):
      flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
      name = Self.uri(path) + (ignoringLog ? "?immutable=1" : "")
    }
    let result = sqlite3_open_v2(name, &opened, flags, nil)
    if opened != nil { sqlite3_extended_result_codes(opened, 1) }
    guard result == SQLITE_OK, let opened else {
      let error = SQLiteError(of: opened, code: opened.map(sqlite3_extended_errcode) ?? result)
      sqlite3_close_v2(opened)
      throw error
    }
    database = opened
    sqlite3_busy_timeout(opened, Self.busyMilliseconds)
    try check(wp_sqlite_distrust(opened))
  }

  deinit { sqlite3_close_v2(database) }

  /// Whether the file could be opened for reading only although writing was asked for.
  var isReadOnly: Bool { sqlite3_db_readonly(database, "main") == 1 }

  /// Runs one statement that returns nothing of interest.
  func execute(_ sql: StaticString) throws(SQLiteError) {
    try SQLiteStatement(self, sql).run()
  }

  /// The first column of the first row, as an integer; 0 without a row.
  func integer(_ sql: StaticString) throws(SQLiteError) -> Int64 {
    var value: Int64 = 0
    try SQLiteStatement(self, sql).forEachRow { row in value = row.integer(0) }
    return value
  }

  /// Runs `body` in one transaction that holds the write lock from its beginning; nothing of it remains after an error.
  func transaction(_ body: () throws(SQLiteError) -> Void) throws(SQLiteError) {
    try execute("BEGIN IMMEDIATE")
    do {
      try body()
      try execute("COMMIT")
    } catch {
      // SQLite has ended the transaction by itself after some errors (full, I/O).
      if sqlite3_get_autocommit(database) == 0 { try? execute("ROLLBACK") }
      throw error
    }
  }

  func check(_ result: Int32) throws(SQLiteError) {
    if result != SQLITE_OK { throw SQLiteError(of: database, code: result) }
  }

  /// `file:` URI of a path (RFC 8089); SQLite decodes it.
  private static func uri(_ path: String) -> String {
    var uri = "file:"
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        uri.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        uri += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return uri
  }
}
