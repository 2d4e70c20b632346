import CSQLite
import Glibc
import Platform
import Testing

@testable import Store

/// A disk that takes nothing any more: nothing is lost that was there, and the store goes on when it takes more.
@Suite struct StoreDiskTests {
  static let rows = (0..<8).map { Samples.row("s\($0)", version: $0) }
  static let newer = (0..<8).map { Samples.row("s\($0)", version: 100 + $0, bytes: 9_000) }

  /// What a full disk may leave: of each server the old row or the new one.
  private static func isWhole(_ loaded: [StoredCatalog]) -> Bool {
    loaded.map(\.server) == rows.map(\.server)
      && zip(loaded, zip(rows, newer)).allSatisfy { $0 == $1.0 || $0 == $1.1 }
  }

  @Test func noPageLeftAtEachPage() throws {
    let directory = StateDirectory()
    var failures = 0
    for pages in 1..<60 {
      unlink(directory.file)
      try directory.fill(Self.rows)
      let store = try OpenStore(directory: StoreDirectory(path: directory.path))
      // Refused below the present count, which is then the limit.
      sqlite3_exec(store.connection.database, "PRAGMA max_page_count = \(pages)", nil, nil, nil)
      for row in Self.newer {
        do {
          try store.catalogs.save(row)
        } catch {
          failures += 1
          #expect(StoreFailure(error).condition == .full)
        }
      }
      #expect(Self.isWhole(try directory.load().rows), "\(pages) pages")
    }
    #expect(failures > 0)
  }

  /// The limit of file sizes, byte by byte as it were: whichever write fails first, of the file, of its log or of the
  /// index beside that.
  @Test func noByteLeftAtEachStep() async throws {
    let directory = StateDirectory()
    await #expect(processExitsWith: .success) { [base = directory.path as String] in
      signal(SIGXFSZ, SIG_IGN)
      let path = "\(base)/limited"
      var failures = 0
      for limit in stride(from: 0, through: 160_000, by: 1_700) {
        Self.limit(nil)
        StateDirectory.remove(path)
        try Self.fill(path)
        Self.limit(limit)
        let reports = ReportLog()
        let store = try Store(directory: path, report: { reports.add($0) })
        #expect(store.loadCatalogs(timeout: .seconds(20)).sorted { $0.server < $1.server } == Self.rows, "\(limit)")
        for row in Self.newer { store.saveCatalog(row) }
        let isWritten = store.flush(timeout: .seconds(20))
        if !isWritten {
          failures += 1
          // SQLite calls it an I/O error; only a full disk is "full" to it.
          #expect(!Set(reports.kinds).isDisjoint(with: [.full, .failed]), "\(limit): \(reports.all)")
          #expect(Set(reports.kinds).count == reports.kinds.count, "one report per kind")
        }
        Self.limit(nil)
        if failures % 2 == 1 {
          // The queue survives: space is enough, no change has to come again.
          #expect(store.close(timeout: .seconds(20)), "\(limit)")
          if !isWritten { #expect(reports.kinds.last == .recovered) }
          #expect(try Self.load(path) == Self.newer, "\(limit)")
        } else {
          // As if the daemon had ended with the disk full.
          #expect(Self.isWhole(try Self.load(path)), "\(limit)")
        }
      }
      #expect(failures > 10)
    }
  }

  private static func limit(_ bytes: Int?) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    limit.rlim_cur = bytes.map(rlim_t.init) ?? limit.rlim_max
    guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { fatalError("setrlimit: \(errno)") }
  }

  private static func fill(_ path: String) throws {
    let store = try Store(directory: path, report: { _ in })
    for row in rows { store.saveCatalog(row) }
    #expect(store.close(timeout: .seconds(20)))
  }

  private static func load(_ path: String) throws -> [StoredCatalog] {
    let store = try Store(directory: path, report: { Issue.record("\($0)") })
    defer { store.close(timeout: .seconds(20)) }
    return store.loadCatalogs(timeout: .seconds(20))
  }

  /// A real file system of 512 KiB in a namespace of the child's own, where that is allowed.
  @Test(.enabled(if: Mounting.isAllowed))
  func aFullFileSystem() async throws {
    let directory = StateDirectory()
    await #expect(processExitsWith: .success) { [base = directory.base as String] in
      try #require(Mounting.smallDisk(at: base))
      let path = "\(base)/state"
      try Self.fill(path)
      let filler = "\(base)/filler"
      let file = try #require(fopen(filler, "w"))
      let block = [UInt8](repeating: 1, count: 4_096)
      setvbuf(file, nil, _IONBF, 0)
      while fwrite(block, 1, block.count, file) == block.count {}
      fclose(file)

      let reports = ReportLog()
      let store = try Store(directory: path, report: { reports.add($0) })
      #expect(store.loadCatalogs() == Self.rows)
      for _ in 0..<3 {
        for row in Self.newer { store.saveCatalog(row) }
        #expect(!store.flush(timeout: .seconds(20)), "nothing can be written")
      }
      #expect(reports.kinds.contains(.full), "\(reports.all)")
      #expect(reports.all.count <= 2, "\(reports.all)")
      unlink(filler)
      #expect(store.close(timeout: .seconds(20)))
      #expect(reports.kinds.last == .recovered)
      #expect(try Self.load(path) == Self.newer)
    }
  }

  @Test(.enabled(if: Mounting.isAllowed), arguments: [false, true])
  func aReadOnlyFileSystem(afterCrash: Bool) async throws {
    let directory = StateDirectory()
    await #expect(processExitsWith: .success) { [base = directory.base as String, afterCrash = afterCrash as Bool] in
      try #require(Mounting.smallDisk(at: base))
      let path = "\(base)/state"
      try Self.fill(path)
      // An open store leaves its log, as a crash would.
      let crashed = try Store(directory: path, report: { _ in })
      if afterCrash {
        crashed.saveCatalog(Samples.row("s0", version: 50))
        #expect(crashed.flush(timeout: .seconds(20)))
        StateDirectory.copy(path, to: "\(path)2")
      }
      let copy = afterCrash ? "\(path)2" : path
      crashed.close(timeout: .seconds(20))
      try #require(Mounting.remount(base, readOnly: true))
      try Self.expectReadOnly(copy, [Samples.row("s0", version: afterCrash ? 50 : 0)] + Self.rows.dropFirst()) {
        _ = Mounting.remount(base, readOnly: false)
      }
    }
  }

  /// Without permissions, which root has to give up first.
  @Test func aReadOnlyDirectory() async throws {
    let directory = StateDirectory()
    try directory.fill(Self.rows)
    chmod(directory.path, 0o500)
    for path in ["", "/state", "/state/warmplane"] { chmod(directory.base + path, 0o755) }
    await #expect(processExitsWith: .success) { [path = directory.path as String] in
      if geteuid() == 0 {
        chown(path, 65_534, 65_534)
        chown("\(path)/state.db", 65_534, 65_534)
        try #require(setgid(65_534) == 0 && setuid(65_534) == 0)
      }
      try Self.expectReadOnly(path, Self.rows) { chmod(path, 0o700) }
    }
  }

  /// Rows are served, changes are told once and kept, and written when that is allowed again.
  private static func expectReadOnly(_ path: String, _ expected: [StoredCatalog], unlock: () -> Void) throws {
    let names = StateDirectory.names(in: path)
    let reports = ReportLog()
    let store = try Store(directory: path, report: { reports.add($0) })
    #expect(store.loadCatalogs() == expected)
    for _ in 0..<3 {
      store.saveCatalog(newer[1])
      #expect(!store.flush(timeout: .seconds(20)))
    }
    #expect(reports.kinds == [.readOnly], "\(reports.all)")
    #expect(StateDirectory.names(in: path) == names)
    unlock()
    #expect(store.close(timeout: .seconds(20)))
    #expect(reports.kinds == [.readOnly, .recovered], "\(reports.all)")
    var written = expected
    written[1] = newer[1]
    #expect(try load(path) == written)
  }

  @Test func noDirectoryCanBeMade() throws {
    let directory = StateDirectory()
    StateDirectory.write([1], to: "\(directory.base)/state")
    let (store, reports) = try directory.open()
    #expect(store.loadCatalogs().isEmpty)
    store.saveCatalog(Self.rows[0])
    #expect(!store.flush(timeout: .seconds(20)))
    #expect(reports.kinds == [.failed])
    unlink("\(directory.base)/state")
    #expect(store.close(timeout: .seconds(20)))
    #expect(reports.kinds == [.failed, .recovered])
    #expect(try directory.load().rows == [Self.rows[0]])
  }
}
