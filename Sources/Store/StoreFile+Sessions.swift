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
    var damagedParts: [(session: String, name: String)] = []
    do throws(SQLiteError) {
      guard let sessions = store.sessions, let parts = store.sessionParts else { return [] }
      try sessions.load(into: &rows, damaged: &damaged)
      let found = try parts.load(damaged: &damagedParts)
      for index in rows.indices { rows[index].parts = found[rows[index].id] ?? [] }
      guard !damaged.isEmpty || !damagedParts.isEmpty else { return rows }
      add(
        .entryDamaged,
        "\(damaged.count) sessions and \(damagedParts.count) subscriptions in \(path) are damaged and forgotten")
      for id in damaged { try sessions.remove(id) }
      for part in damagedParts { try parts.remove(part.name, of: part.session) }
      try parts.removeOrphans()
    } catch {
      throw StoreFailure(error)
    }
    return rows
  }

  /// Makes the changes in their order, all in one transaction.
  mutating func write(_ changes: [SessionChange.Kind]) {
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

  private mutating func apply(_ changes: [SessionChange.Kind]) throws(StoreFailure) {
    let store = try opened()
    do throws(SQLiteError) {
      guard let sessions = store.sessions, let parts = store.sessionParts else {
        throw SQLiteError(code: 1, message: "the table is missing")
      }
      try store.connection.transaction { () throws(SQLiteError) in
        for change in changes { try Self.apply(change, sessions, parts) }
      }
    } catch {
      throw StoreFailure(error)
    }
  }

  private static func apply(
    _ change: SessionChange.Kind, _ sessions: StoredSessionTable, _ parts: StoredSessionPartTable
  ) throws(SQLiteError) {
    switch change {
    case .save(let session): try sessions.save(session)
    case .saveParts(let changed, let removed, let session):
      for name in removed { try parts.remove(name, of: session) }
      for part in changed { try parts.save(part, of: session) }
    case .remove(let ids):
      for id in ids {
        try sessions.remove(id)
        try parts.removeAll(of: id)
      }
    }
  }
}
