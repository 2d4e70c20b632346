import CSQLite
import Glibc
import Testing

@testable import Store

/// A file that cannot be used costs what was in it, and nothing else.
@Suite struct StoreDamageTests {
  static let rows = (0..<12).map { Samples.row("s\($0)", version: $0, bytes: 2_000) }

  /// After any damage: what is loaded was saved, a change can be saved, and the next start finds it.
  private func expectUsable(_ directory: StateDirectory, _ what: Comment) throws {
    let (store, _) = try directory.open()
    let loaded = store.loadCatalogs(timeout: .seconds(20))
    for row in loaded { #expect(Self.rows.contains(row), "\(row.server), \(what)") }
    store.saveCatalog(Samples.row("new", version: 1))
    #expect(store.close(timeout: .seconds(20)), what)
    let (again, reports) = try directory.load()
    #expect(again == [Samples.row("new", version: 1)] + loaded.sorted { $0.server < $1.server }, what)
    #expect(reports.isEmpty, what)
    #expect(directory.names.filter { $0.contains("broken") && !$0.hasSuffix("-wal") }.count <= 1, what)
  }

  @Test func aChangedByteAnywhere() throws {
    let directory = StateDirectory()
    try directory.fill(Self.rows)
    let good = StateDirectory.read(directory.file)
    var random = SplitMix(seed: 1)
    // The header, every byte of it; then samples of everything else.
    let offsets = Array(0..<100) + (0..<300).map { _ in Int(random.next() % UInt64(good.count)) }
    for offset in offsets {
      var bytes = good
      bytes[offset] ^= UInt8(random.next() % 255) + 1
      StateDirectory.write(bytes, to: directory.file)
      try expectUsable(directory, "byte \(offset) of \(good.count)")
    }
  }

  @Test func aPageOfRandomBytesEachInTurn() throws {
    let directory = StateDirectory()
    try directory.fill(Self.rows)
    let good = StateDirectory.read(directory.file)
    var random = SplitMix(seed: 2)
    for start in stride(from: 0, to: good.count, by: 4_096) {
      var bytes = good
      for offset in start..<min(start + 4_096, good.count) { bytes[offset] = UInt8(truncatingIfNeeded: random.next()) }
      StateDirectory.write(bytes, to: directory.file)
      try expectUsable(directory, "page at \(start)")
    }
  }

  @Test func anEndAnywhere() throws {
    let directory = StateDirectory()
    try directory.fill(Self.rows)
    let good = StateDirectory.read(directory.file)
    for count in [1, 15, 16, 99, 100, 511, 512, 4_095] + Array(stride(from: 0, to: good.count, by: 2_000)) {
      StateDirectory.write(Array(good[..<count]), to: directory.file)
      try expectUsable(directory, "\(count) of \(good.count) bytes")
    }
  }

  @Test func aLogOfRandomBytesBesideIt() throws {
    let directory = StateDirectory()
    try directory.fill(Self.rows)
    let good = StateDirectory.read(directory.file)
    var random = SplitMix(seed: 3)
    for count in [0, 1, 31, 32, 33, 4_152, 20_000] {
      StateDirectory.write(good, to: directory.file)
      let log = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      StateDirectory.write(log, to: "\(directory.file)-wal")
      let (loaded, reports) = try directory.load()
      #expect(loaded.count == Self.rows.count, "\(count) bytes")
      #expect(reports.isEmpty)
    }
  }

  @Test func randomBytesAreSetAsideAndTold() throws {
    let directory = StateDirectory()
    try directory.fill(Self.rows)
    for round in 1...3 {
      var random = SplitMix(seed: UInt64(round))
      let noise = (0..<50_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      StateDirectory.write(noise, to: directory.file)
      let (rows, reports) = try directory.load()
      #expect(rows.isEmpty)
      #expect(reports.map(\.kind) == [.setAside])
      #expect(reports.first?.description.contains("state.db.broken-\(round)") == true)
      #expect(directory.names == ["state.db", "state.db.broken-\(round)"], "one is kept")
      #expect(StateDirectory.read("\(directory.file).broken-\(round)") == noise)
    }
  }

  @Test func aDamagedEntryIsForgottenTheOthersStay() throws {
    let directory = StateDirectory()
    var marked = Self.rows
    let mark = Array("the upstream's own words".utf8)
    marked[5].listing?.lists = mark
    try directory.fill(marked)
    var bytes = StateDirectory.read(directory.file)
    let offset = try #require(bytes.indices.first { bytes[$0...].starts(with: mark) })
    bytes[offset] ^= 1
    StateDirectory.write(bytes, to: directory.file)
    let (rows, reports) = try directory.load()
    marked.remove(at: 5)
    #expect(rows == marked.sorted { $0.server < $1.server })
    #expect(reports.map(\.kind) == [.entryDamaged])
    #expect(reports.first?.description.contains("s5") == true)
    #expect(try directory.load().reports.isEmpty)
  }

  @Test(arguments: [
    ("PRAGMA user_version = 5", "newer"),
    ("PRAGMA user_version = -1", "another program"),
    ("PRAGMA application_id = 7", "another program"),
    ("DROP TABLE catalog", "not ours"),
    ("ALTER TABLE catalog RENAME COLUMN era TO error", "not ours"),
  ])
  func anotherSchemaIsSetAsideUntouched(sql: String, reason: String) throws {
    let directory = StateDirectory()
    try directory.fill(Self.rows)
    try run(sql, directory.file)
    let file = StateDirectory.read(directory.file)
    let (rows, reports) = try directory.load()
    #expect(rows.isEmpty)
    #expect(reports.map(\.kind) == [.setAside])
    #expect(reports.first?.description.contains(reason) == true)
    #expect(StateDirectory.read("\(directory.file).broken-1") == file)
    try expectUsable(directory, "\(sql)")
  }

  @Test func aDatabaseOfAnotherProgramIsNotWrittenTo() throws {
    let directory = StateDirectory()
    try directory.fill([])
    mkdir("\(directory.base)/state", 0o700)
    mkdir("\(directory.base)/state/warmplane", 0o700)
    mkdir(directory.path, 0o700)
    try run("CREATE TABLE theirs (x)", directory.file)
    let file = StateDirectory.read(directory.file)
    try expectUsable(directory, "theirs")
    #expect(StateDirectory.read("\(directory.file).broken-1") == file)
  }

  @Test(arguments: ["directory", "link", "fifo"])
  func somethingElseInItsPlace(kind: String) throws {
    let directory = StateDirectory()
    try directory.fill(Self.rows)
    unlink(directory.file)
    switch kind {
    case "directory": mkdir(directory.file, 0o700)
    case "link": symlink("nowhere", directory.file)
    default: mkfifo(directory.file, 0o600)
    }
    let (rows, reports) = try directory.load()
    #expect(rows.isEmpty)
    #expect(reports.map(\.kind) == [.setAside])
    try expectUsable(directory, "\(kind)")
  }

  @Test func damageThatIsFoundWhileWriting() throws {
    let directory = StateDirectory()
    let (store, reports) = try directory.open()
    for row in Self.rows { store.saveCatalog(row) }
    #expect(store.close(timeout: .seconds(20)))
    let (next, nextReports) = try directory.open()
    StateDirectory.write([UInt8](repeating: 7, count: 9_000), to: directory.file)
    next.saveCatalog(Samples.row("new", version: 1))
    #expect(next.close(timeout: .seconds(20)))
    #expect(nextReports.kinds == [.setAside])
    #expect(reports.all.isEmpty)
    #expect(try directory.load().rows == [Samples.row("new", version: 1)])
  }

  private func run(_ sql: String, _ path: String) throws {
    var database: OpaquePointer?
    try #require(sqlite3_open(path, &database) == SQLITE_OK)
    defer { sqlite3_close(database) }
    try #require(sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK)
    // Without this a file of ours keeps what was changed in its log.
    sqlite3_exec(database, "PRAGMA wal_checkpoint(TRUNCATE)", nil, nil, nil)
  }
}
