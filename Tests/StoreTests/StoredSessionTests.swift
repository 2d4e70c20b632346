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

  @Test func partsComeAndGo() throws {
    let directory = StateDirectory()
    let (store, _) = try directory.open()
    func part(_ name: String, _ content: String = "{}") -> StoredSession.Part {
      StoredSession.Part(name: name, content: Array(content.utf8))
    }
    for id in ["a", "b", "gone"] {
      store.saveSession(Self.session(id))
      store.saveParts([part("y"), part("x"), part("z")], removing: [], of: id)
    }
    store.saveParts([part("x", "newer")], removing: ["z", "unknown"], of: "a")
    store.saveSession(Self.session("a", "newer"))
    store.removeSessions(["gone"])
    store.saveSession(Self.session("gone"))
    store.saveParts([part("nobody's")], removing: [], of: "nobody")
    #expect(store.close(timeout: .seconds(20)))
    let (next, reports) = try directory.open()
    var (a, b) = (Self.session("a", "newer"), Self.session("b"))
    (a.parts, b.parts) = ([part("x", "newer"), part("y")], [part("x"), part("y"), part("z")])
    #expect(Self.load(next) == [a, b, Self.session("gone")])
    #expect(reports.all.isEmpty)
    #expect(next.close(timeout: .seconds(20)))
    try Self.run("UPDATE session_part SET content = 'x' WHERE session = 'b' AND name = 'y'", directory.file)
    let (last, damage) = try directory.open()
    b.parts.remove(at: 1)
    #expect(Self.load(last) == [a, b, Self.session("gone")] && damage.all.map(\.kind) == [.entryDamaged])
    #expect(Self.load(last) == [a, b, Self.session("gone")])
    #expect(last.close(timeout: .seconds(20)))
  }

  @Test func onlyTheLastStateOfASessionIsWritten() {
    var changes = SessionChanges()
    let calls = Mutex<[Int]>([])
    for (number, kind) in Self.kinds.enumerated() {
      changes.append(SessionChange(kind: kind) { calls.withLock { $0.append(number) } })
    }
    #expect(
      changes.kinds == [
        .save(Self.session("a", "2")), .saveParts([], removing: ["x"], of: "a"), .save(Self.session("b")),
        .remove(["a"]), .save(Self.session("a", "4")),
      ])
    changes.done()
    #expect(calls.withLock { $0 } == Array(0..<Self.kinds.count))
  }

  private static let kinds: [SessionChange.Kind] = [
    .save(session("a", "1")), .saveParts([], removing: ["x"], of: "a"), .save(session("b")), .save(session("a", "2")),
    .remove(["a"]), .save(session("a", "3")), .save(session("a", "4")),
  ]

  @Test func aFileOfTheLastSchemaGetsTheTable() throws {
    let directory = StateDirectory()
    let (store, _) = try directory.open()
    store.saveSession(Self.session("a"))
    #expect(store.close(timeout: .seconds(20)))
    try Self.run("DROP TABLE session; DROP TABLE session_part; PRAGMA user_version = 2", directory.file)
    let (next, reports) = try directory.open()
    #expect(Self.load(next).isEmpty)
    next.saveSession(Self.session("b"))
    #expect(Self.load(next) == [Self.session("b")])
    #expect(next.close(timeout: .seconds(20)))
    #expect(reports.all.isEmpty)
  }
}
