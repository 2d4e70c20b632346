import CSQLite

/// A prepared statement, to be run any number of times. Belongs to the thread of its connection, which it keeps open.
final class SQLiteStatement {
  private let connection: SQLiteConnection
  private let statement: OpaquePointer

  init(_ connection: SQLiteConnection, _ sql: StaticString) throws(SQLiteError) {
    var prepared: OpaquePointer?
    let text = UnsafeRawPointer(sql.utf8Start).assumingMemoryBound(to: CChar.self)
    try connection.check(
      sqlite3_prepare_v3(
        connection.database, text, Int32(sql.utf8CodeUnitCount), UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil))
    guard let prepared else { fatalError("there is no statement in the SQL text \"\(sql)\"") }
    self.connection = connection
    statement = prepared
  }

  deinit { sqlite3_finalize(statement) }

  /// Binds `values` to the parameters in their order and runs the statement to its end.
  func run(_ values: SQLiteValue...) throws(SQLiteError) {
    try forEachRow(binding: values) { _ in }
  }

  /// Binds `values` and calls `body` with each row.
  func forEachRow(_ values: SQLiteValue..., body: (SQLiteRow) -> Void) throws(SQLiteError) {
    try forEachRow(binding: values, body: body)
  }

  private func forEachRow(binding values: [SQLiteValue], body: (SQLiteRow) -> Void) throws(SQLiteError) {
    defer {
      sqlite3_reset(statement)
      // Bound values are copies; a catalog of megabytes must not stay in memory until the next one comes.
      sqlite3_clear_bindings(statement)
    }
    try bind(values)
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: body(SQLiteRow(statement: statement))
      case SQLITE_DONE: return
      case let code: throw SQLiteError(of: connection.database, code: code)
      }
    }
  }

  private func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
    let expected = Int(sqlite3_bind_parameter_count(statement))
    guard values.count == expected else {
      fatalError("\(values.count) values for a statement with \(expected) parameters")
    }
    for (offset, value) in values.enumerated() {
      try connection.check(bind(value, at: Int32(offset + 1)))
    }
  }

  private func bind(_ value: SQLiteValue, at index: Int32) -> Int32 {
    switch value {
    case .null: return sqlite3_bind_null(statement, index)
    case .integer(let number): return sqlite3_bind_int64(statement, index, number)
    case .blob(let bytes): return wp_sqlite_bind_blob(statement, index, bytes, bytes.count)
    case .text(let text):
      var text = text
      return text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { wp_sqlite_bind_text(statement, index, $0.baseAddress, $0.count) }
      }
    }
  }
}
