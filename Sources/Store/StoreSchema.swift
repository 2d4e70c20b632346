/// The versions of the file's schema (`PRAGMA user_version`) and the steps between them.
enum StoreSchema {
  /// "warm" in ASCII (`PRAGMA application_id`); `file` shows it.
  static let applicationID: Int64 = 0x7761_726d
  static var version: Int { steps.count }

  /// `steps[n]` leads from version n to n + 1; each is one transaction and sets the version. Never change one that was
  /// released; append.
  private static let steps: [[StaticString]] = [
    ["PRAGMA application_id = 0x7761726d", CatalogTable.definition, "PRAGMA user_version = 1"],
    [RecordTable.definition, "PRAGMA user_version = 2"],
    [StoredSessionTable.definition, "PRAGMA user_version = 3"],
    [StoredSessionPartTable.definition, "PRAGMA user_version = 4"],
  ]

  /// The file's version; 0 when it is empty. Writes nothing.
  static func inspect(_ connection: SQLiteConnection) throws(StoreFailure) -> Int {
    let version: Int64
    let application: Int64
    let objects: Int64
    do throws(SQLiteError) {
      version = try connection.integer("PRAGMA user_version")
      application = try connection.integer("PRAGMA application_id")
      objects = try connection.integer("SELECT count(*) FROM sqlite_master")
    } catch {
      throw StoreFailure(ofSchema: error)
    }
    if application == 0, version == 0, objects == 0 { return 0 }
    guard application == applicationID, version >= 0 else {
      throw StoreFailure(.unusable, "it is a database of another program")
    }
    guard version <= Self.version else {
      throw StoreFailure(.unusable, "its schema \(version) is newer than \(Self.version), which this program knows")
    }
    return Int(version)
  }

  /// Brings the file to the current version.
  static func migrate(_ connection: SQLiteConnection) throws(SQLiteError) {
    for (index, step) in steps.enumerated() {
      try connection.transaction { () throws(SQLiteError) in
        // Read again under the write lock: another process may have been faster.
        guard try connection.integer("PRAGMA user_version") == Int64(index) else { return }
        for statement in step { try connection.execute(statement) }
      }
    }
  }
}
