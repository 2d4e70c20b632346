import Glibc
import Platform
import Testing

@testable import Store

/// Other processes, and the sudden end of one.
@Suite(.serialized) struct StoreCrashTests {
  private static let servers = (0..<5).map { "s\($0)" }

  /// `kill -9` in the middle of writes, 50 times on the same file: it always opens, nothing has to be set aside, every
  /// row is whole, and what was flushed is there.
  @Test func aKillLosesNothingThatWasFlushed() async throws {
    let directory = StateDirectory()
    var random = SplitMix(seed: 4)
    var advanced = 0
    for round in 0..<50 {
      let microseconds = UInt32(random.next() % 40_000)
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = directory.path as String, round = round as Int, microseconds = microseconds as UInt32] in
        try Self.writeUntilKilled(path, round, after: microseconds)
      }
      let (rows, reports) = try directory.load()
      #expect(reports.isEmpty, "round \(round)")
      let flushed = StateDirectory.read("\(directory.path)/flushed").reduce(0) { $0 * 10 + Int($1 - 48) }
      var newest = 0
      for row in rows {
        let version = try #require(Samples.version(of: row), "a torn row of \(row.server) in round \(round)")
        #expect(version >= flushed, "round \(round)")
        newest = max(newest, version)
      }
      if newest >= round * 1_000_000 { advanced += 1 }
      if flushed > 0 { #expect(rows.map(\.server) == Self.servers) }
    }
    #expect(directory.names.filter { $0.contains("broken") } == [])
    #expect(advanced >= 25, "half of the rounds are killed after they have written")
  }

  private static func writeUntilKilled(_ path: String, _ round: Int, after microseconds: UInt32) throws {
    let store = try Store(directory: path, report: { _ in })
    _ = store.loadCatalogs()
    // Every second time also while the file is opened or made.
    if round % 2 == 1 {
      store.saveCatalog(Samples.row(servers[0], version: round * 1_000_000))
      guard store.flush(timeout: .seconds(20)) else { fatalError("round \(round) cannot write") }
    }
    startThread {
      usleep(microseconds)
      kill(getpid(), SIGKILL)
    }
    for version in (round * 1_000_000)... {
      for server in servers { store.saveCatalog(Samples.row(server, version: version)) }
      // Sometimes many changes wait for the thread, sometimes each is a write.
      if version % 3 == 0, store.flush(timeout: .seconds(20)) {
        StateDirectory.write(Array("\(version)".utf8), to: "\(path)/flushed.new")
        rename("\(path)/flushed.new", "\(path)/flushed")
      }
    }
  }

  @Test func twoProcessesAtOnce() async throws {
    let directory = StateDirectory()
    async let child: Void = {
      await #expect(processExitsWith: .success) { [path = directory.path as String] in
        try Self.write("child", path)
      }
    }()
    try Self.write("parent", directory.path)
    await child
    let (rows, reports) = try directory.load()
    #expect(reports.isEmpty)
    let expected = ["child", "parent"].flatMap { who in (0..<10).map { "\(who)\($0)" } }
    #expect(rows.map(\.server) == expected)
    for row in rows { #expect(Samples.version(of: row) == 199) }
  }

  private static func write(_ who: String, _ path: String) throws {
    let store = try Store(directory: path, report: { Issue.record("\($0)") })
    for version in 0..<200 {
      for server in 0..<10 { store.saveCatalog(Samples.row("\(who)\(server)", version: version)) }
      #expect(store.flush(timeout: .seconds(20)))
    }
    #expect(store.close(timeout: .seconds(20)))
  }
}
