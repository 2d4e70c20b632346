import Platform

/// When lists are read again after one failed for a reason that passes: an upstream that is overloaded is not asked again
/// at once, whatever else happens. Pure.
struct ListBackoff {
  static let first = Duration.seconds(1)
  static let longest = Duration.seconds(60)

  private var failures = 0
  private var notBefore = MonotonicTime(nanoseconds: 0)

  /// `retryAfter`: what the upstream asked for.
  mutating func failed(at now: MonotonicTime, retryAfter: Duration?) {
    let backoff = min(Self.longest, Self.first * (1 << min(failures, 10)))
    failures += 1
    notBefore = max(notBefore, now + max(backoff, retryAfter ?? .zero))
  }

  mutating func succeeded() {
    failures = 0
    notBefore = MonotonicTime(nanoseconds: 0)
  }

  /// How long to wait before the next listing.
  func delay(at now: MonotonicTime) -> Duration { max(.zero, notBefore - now) }
}
