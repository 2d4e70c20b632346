/// The durations of the last calls, for the percentiles of `status`. Inserting costs one store; the window is sorted only
/// when somebody asks.
package struct LatencyWindow: Sendable {
  private let capacity: Int
  private var samples: [UInt32] = []
  private var next = 0

  package init(capacity: Int = 256) {
    guard capacity > 0 else { fatalError("a latency window needs room for a sample") }
    self.capacity = capacity
  }

  package var count: Int { samples.count }

  /// Negative durations count as 0, those over 71 minutes as 71 minutes.
  package mutating func insert(microseconds: Int) {
    let sample = UInt32(clamping: microseconds)
    if samples.count < capacity {
      samples.append(sample)
    } else {
      samples[next] = sample
      next = (next + 1) % capacity
    }
  }

  package mutating func insert(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    // Durations this long exceed the range anyway; the bound keeps the product from overflowing.
    let bounded = Int(min(max(seconds, -1), 1 << 32))
    insert(microseconds: bounded * 1_000_000 + Int(attoseconds / 1_000_000_000_000))
  }

  /// The smallest sample that at least `percent` percent of the samples do not exceed, in microseconds; nil without samples.
  package func percentile(_ percent: Int) -> Int? {
    guard !samples.isEmpty else { return nil }
    let rank = (samples.count * percent + 99) / 100
    return Int(samples.sorted()[min(max(rank, 1), samples.count) - 1])
  }

  /// As `status` prints them.
  package var p50Milliseconds: Double? { percentile(50).map { Double($0) / 1000 } }
  package var p95Milliseconds: Double? { percentile(95).map { Double($0) / 1000 } }
}
