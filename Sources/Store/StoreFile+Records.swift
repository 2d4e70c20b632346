/// The records of idempotency keys in the state file.
extension StoreFile {
  /// All whole records, in the byte order of their keys; of a damaged file, what can be trusted.
  mutating func loadRecords() -> [StoredRecord] {
    guard hasFile || !salvagedRecords.isEmpty else { return [] }
    do throws(StoreFailure) {
      do throws(StoreFailure) {
        return try readRecords()
      } catch {
        guard error.condition == .unusable else { throw error }
        try setAside(error)
        return try readRecords()
      }
    } catch {
      note(error, "was not opened for writing")
      return salvagedRecords.isEmpty ? recordsReadOnly() : salvagedRecords
    }
  }

  private mutating func readRecords() throws(StoreFailure) -> [StoredRecord] {
    let store = try opened()
    var rows: [StoredRecord] = []
    var damaged: [StoredRecord.Key] = []
    do throws(SQLiteError) {
      try saveSalvaged(in: store)
      guard let records = store.records else { return [] }
      try records.load(into: &rows, damaged: &damaged)
      guard !damaged.isEmpty else { return rows }
      add(.entryDamaged, "\(damaged.count) idempotency records in \(path) are damaged and forgotten")
      for key in damaged { try records.remove(key) }
    } catch {
      throw StoreFailure(error)
    }
    return rows
  }

  /// What can be had without writing a byte, up to the first damage.
  func recordsReadOnly() -> [StoredRecord] {
    readOnly { store, rows in
      var damaged: [StoredRecord.Key] = []
      try? store.records?.load(into: &rows, damaged: &damaged)
    }
  }

  /// Makes the changes in their order; for each whether it is in the file. What is not is forgotten here: who asked knows
  /// better whether it is still wanted.
  mutating func write(_ changes: [RecordChange]) -> [Bool] {
    do throws(StoreFailure) {
      do throws(StoreFailure) {
        try apply(changes)
      } catch {
        guard error.condition == .unusable else { throw error }
        try setAside(error)
        try apply(changes)
      }
      reportRecovery()
      return changes.map { _ in true }
    } catch {
      // One that does not fit any more, or never will, keeps no other out.
      if changes.count > 1, error.condition == .full || error.condition == .refused {
        return changes.flatMap { write([$0]) }
      }
      note(error, "was not written")
      if error.condition != .full, error.condition != .busy { close() }
      return changes.map { _ in false }
    }
  }

  /// All in one transaction.
  private mutating func apply(_ changes: [RecordChange]) throws(StoreFailure) {
    let store = try opened()
    do throws(SQLiteError) {
      try saveSalvaged(in: store)
      guard let records = store.records else { throw SQLiteError(code: 1, message: "the table is missing") }
      let mustReachDisk = changes.contains(where: \.mustReachDisk)
      if mustReachDisk { try store.connection.execute("PRAGMA synchronous = FULL") }
      defer { if mustReachDisk { try? store.connection.execute("PRAGMA synchronous = NORMAL") } }
      try store.connection.transaction { () throws(SQLiteError) in
        for change in changes { try change.apply(to: records) }
      }
    } catch {
      throw StoreFailure(error)
    }
  }

  private mutating func saveSalvaged(in store: OpenStore) throws(SQLiteError) {
    guard !salvagedRecords.isEmpty, let records = store.records else { return }
    let rows = salvagedRecords
    try store.connection.transaction { () throws(SQLiteError) in
      for row in rows { try records.save(row) }
    }
    salvagedRecords = []
  }
}
