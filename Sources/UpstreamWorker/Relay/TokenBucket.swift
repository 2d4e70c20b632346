import Platform

/// Lets a burst pass and then only so many a second. Pure.
struct TokenBucket {
  private let capacity: Double
  private let perSecond: Double
  private var tokens: Double
  private var filledAt: MonotonicTime?

  init(burst: Int, perSecond: Int) {
    capacity = Double(burst)
    self.perSecond = Double(perSecond)
    tokens = capacity
  }

  /// Whether one more may pass.
  mutating func take(at now: MonotonicTime) -> Bool {
    if let filledAt { tokens = min(capacity, tokens + Double((now - filledAt).wholeNanoseconds) * perSecond / 1e9) }
    filledAt = now
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }
}
