/// A change of the table `idempotency`. Unlike catalogs, changes are made in their order, and somebody waits for each.
struct RecordChange: Sendable {
  enum Kind: Sendable, Equatable {
    case save(StoredRecord)
    case remove([StoredRecord.Key])
  }

  let kind: Kind
  /// Called once, on the store's thread or where the change was asked for: whether it is in the file.
  let done: @Sendable (Bool) -> Void

  /// An operation is about to be sent: not even a power cut may take this away.
  var mustReachDisk: Bool {
    if case .save(let record) = kind { record.outcome == nil } else { false }
  }

  func apply(to table: RecordTable) throws(SQLiteError) {
    switch kind {
    case .save(let record): try table.save(record)
    case .remove(let keys): for key in keys { try table.remove(key) }
    }
  }
}
