import Platform
import Testing

@testable import Store

/// Measures; asserts no time, for machines differ. The daemon should not need 20 ms.
@Suite(.serialized) struct StoreSpeedTests {
  @Test(arguments: [false, true])
  func aHundredServersOfFiftyTools(afterCrash: Bool) throws {
    let directory = StateDirectory()
    let rows = (0..<100).map { Samples.realistic($0, tools: 50) }
    let (writer, _) = try directory.open()
    let start = MonotonicTime.now
    for row in rows { writer.saveCatalog(row) }
    #expect(writer.flush(timeout: .seconds(60)))
    let written = MonotonicTime.now
    if !afterCrash { writer.close(timeout: .seconds(60)) }
    // With a log that nobody merged, as after a crash.
    let path = afterCrash ? "\(directory.base)/copy" : directory.path
    if afterCrash { StateDirectory.copy(directory.path, to: path) }

    var best = Duration.seconds(60)
    for _ in 0..<5 {
      let store = try Store(directory: path, report: { Issue.record("\($0)") })
      let begin = MonotonicTime.now
      let loaded = store.loadCatalogs(timeout: .seconds(60))
      best = min(best, MonotonicTime.now - begin)
      #expect(loaded.count == 100)
      if !afterCrash { store.close(timeout: .seconds(60)) }
    }
    let bytes = rows.reduce(0) { $0 + ($1.listing?.lists.count ?? 0) }
    print(
      "store: \(bytes) bytes written in \((written - start)), loaded in \(best)\(afterCrash ? " from the log" : "")")
  }
}
