import CSQLite

/// A failed call of SQLite: its extended result code, its words, and what the kernel said.
struct SQLiteError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Extended result code (https://sqlite.org/rescode.html).
  let code: Int32
  let message: String
  /// `errno` when SQLite looked at it; reliable after a failed open only.
  let systemErrno: Int32

  init(code: Int32, message: String, systemErrno: Int32 = 0) {
    self.code = code
    self.message = message
    self.systemErrno = systemErrno
  }

  /// The last failure of a connection. Call it before anything else is done with the connection.
  init(of database: OpaquePointer?, code: Int32) {
    // The connection's own code may be older than `code`, for example after a misuse that it did not record.
    let isRecorded = database != nil && sqlite3_extended_errcode(database) == code
    let words = isRecorded ? sqlite3_errmsg(database) : sqlite3_errstr(code)
    self.init(
      code: code, message: words.map { String(cString: $0) } ?? "unknown error",
      systemErrno: isRecorded ? sqlite3_system_errno(database) : 0)
  }

  /// The result code without its extension.
  var primaryCode: Int32 { code & 0xff }

  var description: String { "\(message) (SQLite code \(code))" }
}
