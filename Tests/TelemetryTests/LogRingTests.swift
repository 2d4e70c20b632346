import Synchronization
import Telemetry
import Testing

@Suite struct LogRingTests {
  private static func record(_ message: String) -> LogRecord {
    LogRecord(time: WallTime(seconds: 0), level: .info, message: message, target: "warmplane::test")
  }

  @Test func recordsAreNumberedWithoutGaps() {
    let ring = LogRing()
    for number in 0..<1000 { ring.submit(Self.record("\(number)")) }
    for start in [0, 1, 500, 999, 1000] {
      let batch = ring.records(from: UInt64(start))
      #expect(batch.records.map(\.message) == (start..<1000).map { "\($0)" })
      #expect(batch.first == UInt64(start) && batch.next == 1000)
    }
    #expect(ring.records(from: 2000).next == 1000)
  }

  @Test func theOldestGiveWay() {
    // A record of 100 bytes counts as 228.
    let ring = LogRing(bytes: 22_800)
    let text = String(repeating: "x", count: 96)
    for number in 1000..<6000 {
      ring.submit(Self.record("\(number)\(text)"))
      let batch = ring.records()
      #expect(batch.records.count == min(number - 999, 100))
      #expect(batch.records.last?.message.hasPrefix("\(number)") == true)
      #expect(batch.next == UInt64(number - 999))
    }
    ring.submit(Self.record(String(repeating: "y", count: 100_000)))
    #expect(ring.records().records.count == 1, "the newest stays, however large it is")
  }

  @Test func aReaderIsWokenOnceAndNeverTooLate() {
    let ring = LogRing()
    let woken = Mutex(0)
    ring.wake(at: 0) { woken.withLock { $0 += 1 } }
    #expect(woken.withLock { $0 } == 0)
    ring.submit(Self.record("a"))
    ring.submit(Self.record("b"))
    #expect(woken.withLock { $0 } == 1)
    // The record is there already.
    ring.wake(at: 1) { woken.withLock { $0 += 1 } }
    #expect(woken.withLock { $0 } == 2)
    ring.wake(at: 2) { woken.withLock { $0 += 1 } }
    #expect(woken.withLock { $0 } == 2)
    ring.submit(Self.record("c"))
    #expect(woken.withLock { $0 } == 3)
  }

  @Test func aTeeHandsOnEverything() {
    let rings = [LogRing(), LogRing()]
    let tee = LogTee(rings)
    tee.submit(Self.record("a"))
    for ring in rings { #expect(ring.records().records.map(\.message) == ["a"]) }
  }
}
