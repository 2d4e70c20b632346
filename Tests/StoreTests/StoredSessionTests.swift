import CSQLite
import Glibc
import Platform
import Synchronization
import Testing

@testable import Store

/// Sessions of HTTP clients: found again, or gone.
@Suite struct StoredSessionTests {
  private static func session(_ id: String, _ content: String = "{}") -> StoredSession {
    StoredSession(id: id, owner: "o", content: Array(content.utf8))
  }

  /// What is there for a new store.
  private static func load(_ store: Store) -> [StoredSession] {
    let rows = Mutex<[StoredSession]?>(nil)
    #expect(store.loadSessions { loaded in rows.withLock { $0 = loaded } })
    #expect(store.flush(timeout: .seconds(20)))
    return rows.withLock { $0 } ?? []
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

  @Test func changesAreMadeInTheirOrder() throws {
    let directory = StateDirectory()
    let (store, _) = try directory.open()
    for id in ["b", "a", "gone"] { store.saveSession(Self.session(id)) }
    store.saveSession(Self.session("a", "newer"))
    store.removeSessions(["gone", "unknown"])
    #expect(store.close(timeout: .seconds(20)))
    let (next, reports) = try directory.open()
    #expect(Self.load(next) == [Self.session("a", "newer"), Self.session("b")])
    #expect(next.close(timeout: .seconds(20)))
    #expect(reports.all.isEmpty)
  }

  @Test func aDamagedSessionIsForgotten() throws {
    let directory = StateDirectory()
    let (store, _) = try directory.open()
    for id in ["a", "b"] { store.saveSession(Self.session(id)) }
    #expect(store.close(timeout: .seconds(20)))
    try Self.run("UPDATE session SET owner = 'x' WHERE id = 'a'", directory.file)
    let (next, reports) = try directory.open()
    #expect(Self.load(next) == [Self.session("b")])
    #expect(reports.all.map(\.kind) == [.entryDamaged])
    #expect(Self.load(next) == [Self.session("b")])
    #expect(next.close(timeout: .seconds(20)))
  }

  @Test func aFileOfTheLastSchemaGetsTheTable() throws {
    let directory = StateDirectory()
    let (store, _) = try directory.open()
    store.saveSession(Self.session("a"))
    #expect(store.close(timeout: .seconds(20)))
    try Self.run("DROP TABLE session; PRAGMA user_version = 2", directory.file)
    let (next, reports) = try directory.open()
    #expect(Self.load(next).isEmpty)
    next.saveSession(Self.session("b"))
    #expect(Self.load(next) == [Self.session("b")])
    #expect(next.close(timeout: .seconds(20)))
    #expect(reports.all.isEmpty)
  }
}
