import Glibc
import Testing

@testable import Store

/// What is saved is found again.
@Suite struct StoreTests {
  @Test func nothingIsThereAtFirstAndAskingForItCreatesNothing() throws {
    let directory = StateDirectory()
    let (store, reports) = try directory.open()
    #expect(store.loadCatalogs().isEmpty)
    #expect(store.close(timeout: .seconds(20)))
    #expect(reports.all.isEmpty)
    #expect(directory.names.isEmpty)
  }

  @Test(arguments: [
    "", "{}", "{\"n\":1.0,\"n\":1e400,\"big\":123456789012345678901234567890}", "\u{0}\u{feff}é\u{301}\r\n",
    String(repeating: "x", count: 3_000_000),
  ])
  func everyByteComesBack(text: String) throws {
    let directory = StateDirectory()
    let rows = [
      StoredCatalog(
        server: "a", fingerprint: text, listing: .init(hash: text, lists: Array(text.utf8), era: text)),
      StoredCatalog(
        server: "b\u{0}c", fingerprint: "", listing: .init(hash: "", lists: (0...255).map { $0 }, era: nil)),
      StoredCatalog(server: "é", fingerprint: "f", listing: nil),
    ]
    try directory.fill(rows)
    let (loaded, reports) = try directory.load()
    #expect(loaded == rows)
    #expect(reports.isEmpty)
  }

  @Test func theLastOfManyChangesIsWhatIsFound() throws {
    let directory = StateDirectory()
    let store = try directory.open().store
    for version in 0...500 {
      store.saveCatalog(Samples.row("a", version: version))
      store.saveCatalog(Samples.row("b", version: version))
    }
    #expect(store.flush(timeout: .seconds(20)))
    store.removeCatalogs(except: ["b", "c"])
    store.noteAttempt(server: "b", fingerprint: "f1")
    store.noteAttempt(server: "c", fingerprint: "f1")
    #expect(store.flush(timeout: .seconds(20)))
    #expect(
      store.loadCatalogs()
        == [Samples.row("b", version: 500), StoredCatalog(server: "c", fingerprint: "f1", listing: nil)])
    store.noteAttempt(server: "b", fingerprint: "f2")
    #expect(store.close(timeout: .seconds(20)))
    store.saveCatalog(Samples.row("late", version: 1))
    #expect(
      try directory.load().rows
        == ["b", "c"].map { StoredCatalog(server: $0, fingerprint: $0 == "b" ? "f2" : "f1", listing: nil) })
  }

  @Test func anUnchangedRowIsNotWrittenAgain() throws {
    let directory = StateDirectory()
    let store = try directory.open().store
    store.saveCatalog(Samples.row("a", version: 1))
    #expect(store.flush(timeout: .seconds(20)))
    let log = StateDirectory.read("\(directory.file)-wal")
    #expect(!log.isEmpty)
    store.saveCatalog(Samples.row("a", version: 1))
    store.noteAttempt(server: "a", fingerprint: "f1")
    store.removeCatalogs(except: ["a"])
    #expect(store.flush(timeout: .seconds(20)))
    #expect(StateDirectory.read("\(directory.file)-wal") == log)
    store.saveCatalog(Samples.row("a", version: 2))
    #expect(store.flush(timeout: .seconds(20)))
    #expect(StateDirectory.read("\(directory.file)-wal") != log)
  }

  @Test func nobodyElseCanReadIt() throws {
    let directory = StateDirectory()
    let (store, _) = try directory.open()
    store.saveCatalog(Samples.row("a", version: 1))
    #expect(store.flush(timeout: .seconds(20)))
    #expect(directory.names == ["state.db", "state.db-shm", "state.db-wal"])
    for name in directory.names { #expect(StateDirectory.mode("\(directory.path)/\(name)") == 0o600) }
    for path in ["state", "state/warmplane", "state/warmplane/0123456789abcdef"] {
      #expect(StateDirectory.mode("\(directory.base)/\(path)") == 0o700)
    }
    #expect(store.close(timeout: .seconds(20)))
    #expect(directory.names == ["state.db"], "a clean end leaves one file")

    chmod(directory.path, 0o755)
    chmod(directory.file, 0o644)
    #expect(try directory.load().rows.count == 1)
    #expect(StateDirectory.mode(directory.path) == 0o700)
    #expect(StateDirectory.mode(directory.file) == 0o600)
  }

  @Test(arguments: [["state.db"], ["state.db", "state.db-wal", "state.db-shm"], []])
  func itMayBeDeletedWhileItIsUsed(names: [String]) throws {
    let directory = StateDirectory()
    let (store, reports) = try directory.open()
    store.saveCatalog(Samples.row("a", version: 1))
    #expect(store.flush(timeout: .seconds(20)))
    if names.isEmpty { StateDirectory.remove("\(directory.base)/state") }
    for name in names { unlink("\(directory.path)/\(name)") }
    store.saveCatalog(Samples.row("b", version: 1))
    #expect(store.close(timeout: .seconds(20)))
    #expect(try directory.load().rows == [Samples.row("b", version: 1)])
    #expect(reports.all.isEmpty)
  }
}
