/// The sessions of HTTP clients in the state file. Those of a damaged file are not saved: a session that is not known
/// any more is opened anew by its client.
extension StoreFile {
  /// All whole sessions, in the byte order of their ids.
  mutating func loadSessions() -> [StoredSession] {
    guard hasFile else { return [] }
    do throws(StoreFailure) {
      return try readSessions()
    } catch {
      note(error, "was not opened for writing")
      return []
    }
  }

  private mutating func readSessions() throws(StoreFailure) -> [StoredSession] {
    let store = try opened()
    var rows: [StoredSession] = []
    var damaged: [String] = []
    do throws(SQLiteError) {
      guard let sessions = store.sessions else { return [] }
      try sessions.load(into: &rows, damaged: &damaged)
      guard !damaged.isEmpty else { return rows }
      add(.entryDamaged, "\(damaged.count) sessions in \(path) are damaged and forgotten")
      try sessions.apply(.remove(damaged))
    } catch {
      throw StoreFailure(error)
    }
    return rows
  }

  /// Makes the changes in their order, all in one transaction.
  mutating func write(_ changes: [SessionChange]) {
    do throws(StoreFailure) {
      do throws(StoreFailure) {
        try apply(changes)
      } catch {
        guard error.condition == .unusable else { throw error }
        try setAside(error)
        try apply(changes)
      }
      reportRecovery()
    } catch {
      note(error, "was not written")
      if error.condition != .full, error.condition != .busy { close() }
    }
  }

  private mutating func apply(_ changes: [SessionChange]) throws(StoreFailure) {
    let store = try opened()
    do throws(SQLiteError) {
      guard let sessions = store.sessions else { throw SQLiteError(code: 1, message: "the table is missing") }
      try store.connection.transaction { () throws(SQLiteError) in
        for change in changes { try sessions.apply(change.kind) }
      }
    } catch {
      throw StoreFailure(error)
    }
  }
}
