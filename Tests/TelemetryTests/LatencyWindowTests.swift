import Telemetry
import Testing

@Suite struct LatencyWindowTests {
  @Test func withoutSamplesThereIsNothing() {
    #expect(LatencyWindow().percentile(50) == nil)
    #expect(LatencyWindow().p95Milliseconds == nil)
  }

  @Test(arguments: [
    ([7], 7, 7), ([2, 1], 1, 2), ([3, 1, 2], 2, 3), (Array(1...100), 50, 95), (Array((1...20).reversed()), 10, 19),
  ])
  func nearestRank(_ samples: [Int], _ p50: Int, _ p95: Int) {
    var window = LatencyWindow()
    for sample in samples { window.insert(microseconds: sample) }
    #expect(window.percentile(50) == p50)
    #expect(window.percentile(95) == p95)
    #expect(window.p50Milliseconds == Double(p50) / 1000)
  }

  @Test func onlyTheLastSamplesCount() {
    var window = LatencyWindow(capacity: 4)
    for sample in 1...10 { window.insert(microseconds: sample) }
    #expect(window.count == 4)
    #expect(window.percentile(1) == 7)
    #expect(window.percentile(100) == 10)
  }

  @Test func extremesAreClamped() {
    var window = LatencyWindow()
    window.insert(microseconds: -5)
    #expect(window.percentile(50) == 0)
    window.insert(.seconds(Int64.max))
    #expect(window.percentile(100) == Int(UInt32.max))
    window.insert(.milliseconds(2))
    #expect(window.percentile(50) == 2000)
  }
}
