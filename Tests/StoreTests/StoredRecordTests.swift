import CSQLite
import Glibc
import Platform
import Synchronization
import Testing

@testable import Store

/// Records of idempotency keys: written before their operation is sent, found again, never half.
@Suite struct StoredRecordTests {
  private static func record(_ key: String, _ result: String? = nil) -> StoredRecord {
    var record = StoredRecord(
      key: .init(principal: "local", text: key), binding: String(repeating: "0a", count: 32), kind: "capability",
      entry: "s.t", server: "s", operation: "0123456789abcdef0123456789abcdef", boot: "boot", askedAt: .max,
      createdAt: -1)
    if let result { record.outcome = .init(finishedAt: 17, result: Array(result.utf8)) }
    return record
  }

  /// What is there for a new store.
  private static func load(_ store: Store) -> [StoredRecord] {
    let rows = Mutex<[StoredRecord]?>(nil)
    #expect(store.loadRecords { loaded in rows.withLock { $0 = loaded } })
    #expect(store.flush(timeout: .seconds(20)))
    return rows.withLock { $0 } ?? []
  }

  /// Whether the record was written, once the store says so.
  private static func save(_ record: StoredRecord, _ store: Store) -> Bool? {
    let result = Mutex<Bool?>(nil)
    store.saveRecord(record) { isWritten in result.withLock { $0 = isWritten } }
    _ = store.flush(timeout: .seconds(20))
    return result.withLock { $0 }
  }

  private static func run(_ sql: String, _ file: String) throws {
    var database: OpaquePointer?
    #expect(sqlite3_open(file, &database) == SQLITE_OK)
    defer { sqlite3_close(database) }
    #expect(sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK, "\(sql)")
  }

  @Test func nothingIsThereAtFirst() throws {
    let directory = StateDirectory()
    let (store, reports) = try directory.open()
    #expect(Self.load(store).isEmpty)
    #expect(store.close(timeout: .seconds(20)))
    #expect(directory.names.isEmpty && reports.all.isEmpty)
  }

  @Test func whatIsWrittenIsFoundAgain() throws {
    let directory = StateDirectory()
    let (store, _) = try directory.open()
    #expect(Self.save(Self.record("b"), store) == true)
    #expect(Self.save(Self.record("a", "{\"data\":1.0}"), store) == true)
    #expect(Self.save(Self.record("c"), store) == true)
    #expect(Self.save(Self.record("c", ""), store) == true)
    #expect(Self.save(Self.record("gone", "x"), store) == true)
    store.removeRecords([.init(principal: "local", text: "gone"), .init(principal: "other", text: "a")])
    #expect(store.close(timeout: .seconds(20)))
    let (next, reports) = try directory.open()
    #expect(Self.load(next) == [Self.record("a", "{\"data\":1.0}"), Self.record("b"), Self.record("c", "")])
    #expect(next.close(timeout: .seconds(20)))
    #expect(reports.all.isEmpty)
  }

  @Test func changesAreMadeInTheirOrder() throws {
    let directory = StateDirectory()
    let (store, _) = try directory.open()
    let told = Mutex<[Int]>([])
    for round in 0..<300 {
      store.saveRecord(Self.record("k", round % 2 == 0 ? nil : "\(round)")) { isWritten in
        if isWritten { told.withLock { $0.append(round) } }
      }
      if round % 3 == 0 { store.removeRecords([.init(principal: "local", text: "k")]) }
    }
    #expect(store.flush(timeout: .seconds(20)))
    #expect(told.withLock { $0 } == Array(0..<300))
    #expect(Self.load(store) == [Self.record("k", "299")])
  }

  @Test func aFileOfTheFirstSchemaIsTakenOver() throws {
    let directory = StateDirectory()
    let rows = [Samples.row("s", version: 1)]
    try directory.fill(rows)
    let tables = "DROP TABLE idempotency; DROP TABLE session; DROP TABLE session_part"
    try Self.run("\(tables); PRAGMA user_version = 1", directory.file)
    let (store, reports) = try directory.open()
    #expect(Self.load(store).isEmpty)
    #expect(Self.save(Self.record("k"), store) == true)
    #expect(store.loadCatalogs(timeout: .seconds(20)) == rows)
    #expect(reports.all.isEmpty)
  }

  @Test func aDamagedRecordIsForgotten() throws {
    let directory = StateDirectory()
    do {
      let store = try directory.open().store
      for key in ["a", "b", "c"] { #expect(Self.save(Self.record(key, "x"), store) == true) }
      store.close(timeout: .seconds(20))
    }
    try Self.run("UPDATE idempotency SET result = 'y' WHERE key = 'b'", directory.file)
    let (store, reports) = try directory.open()
    #expect(Self.load(store) == [Self.record("a", "x"), Self.record("c", "x")])
    #expect(reports.kinds == [.entryDamaged])
    #expect(Self.load(store).count == 2 && reports.all.count == 1)
  }

  @Test func recordsOfABrokenFileAreSaved() throws {
    let directory = StateDirectory()
    do {
      let store = try directory.open().store
      #expect(Self.save(Self.record("k", "x"), store) == true)
      store.close(timeout: .seconds(20))
    }
    // The page of the catalogs is no b-tree any more.
    var bytes = StateDirectory.read(directory.file)
    let page = try #require(Self.rootPage(of: "catalog", directory.file))
    bytes.replaceSubrange((page - 1) * 4096..<(page - 1) * 4096 + 64, with: [UInt8](repeating: 0xEE, count: 64))
    StateDirectory.write(bytes, to: directory.file)
    let (store, reports) = try directory.open()
    #expect(store.loadCatalogs(timeout: .seconds(20)).isEmpty)
    #expect(reports.kinds == [.setAside])
    #expect(Self.load(store) == [Self.record("k", "x")])
    #expect(store.close(timeout: .seconds(20)))
    let (next, none) = try directory.open()
    #expect(Self.load(next) == [Self.record("k", "x")])
    #expect(none.all.isEmpty)
  }

  private static func rootPage(of table: String, _ file: String) -> Int? {
    var database: OpaquePointer?
    var statement: OpaquePointer?
    sqlite3_open(file, &database)
    defer { sqlite3_close(database) }
    sqlite3_prepare_v2(database, "SELECT rootpage FROM sqlite_master WHERE name = '\(table)'", -1, &statement, nil)
    defer { sqlite3_finalize(statement) }
    return sqlite3_step(statement) == SQLITE_ROW ? Int(sqlite3_column_int64(statement, 0)) : nil
  }

  @Test func whatCannotBeWrittenIsToldAndNotTriedAgain() throws {
    let directory = StateDirectory()
    let (store, reports) = try directory.open()
    mkdir("\(directory.base)/state", 0o700)
    // No directory can be made below a file.
    StateDirectory.write([], to: "\(directory.base)/state/warmplane")
    #expect(Self.save(Self.record("k"), store) == false)
    #expect(reports.kinds == [.failed])
    unlink("\(directory.base)/state/warmplane")
    #expect(Self.load(store).isEmpty)
    #expect(Self.save(Self.record("l"), store) == true)
    #expect(Self.load(store) == [Self.record("l")])
    #expect(reports.kinds == [.failed, .recovered])
  }

  @Test func aClosedStoreWritesNothing() throws {
    let directory = StateDirectory()
    let (store, _) = try directory.open()
    #expect(store.close(timeout: .seconds(20)))
    #expect(Self.save(Self.record("k"), store) == false)
  }

  @Test func aFullDiskRefusesNewRecordsAndKeepsTheOld() throws {
    let directory = StateDirectory()
    do {
      let store = try directory.open().store
      #expect(Self.save(Self.record("old"), store) == true)
      store.close(timeout: .seconds(20))
    }
    let file = try OpenStore(directory: StoreDirectory(path: directory.path))
    sqlite3_exec(file.connection.database, "PRAGMA max_page_count = 1", nil, nil, nil)
    var told: [Bool] = []
    do {
      for _ in 0..<3 { try file.records?.save(Self.record("large", String(repeating: "x", count: 100_000))) }
      told.append(true)
    } catch {
      #expect(StoreFailure(error).condition == .full)
    }
    #expect(told.isEmpty)
    #expect(Self.load(try directory.open().store) == [Self.record("old")])
  }
}
