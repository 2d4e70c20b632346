import Platform

/// Decides when a stream that should always be open is opened again: the GET stream of a legacy session, and
/// `subscriptions/listen`. Pure.
struct StreamPlan {
  static let usualDelay = Duration.seconds(1)
  static let longestDelay = Duration.seconds(60)
  /// A stream that lived so long was a good one: the next delay is the first again.
  static let goodLife = Duration.seconds(30)

  enum Step: Equatable {
    case open(after: Duration)
    /// The upstream has no such stream.
    case never
    /// The upstream does not know the session any more.
    case sessionLost
  }

  private var failures = 0
  private var openedAt: MonotonicTime?
  /// It was open once: then a refusal of what is asked for is a new situation.
  private(set) var wasOpen = false

  /// The stream is open. Returns whether changes may have been missed: it was open before.
  mutating func opened(at now: MonotonicTime) -> Bool {
    defer { wasOpen = true }
    openedAt = now
    return wasOpen
  }

  /// The stream ended, or its connection broke or was not made. `retry`: what the stream asked for, in milliseconds.
  mutating func ended(at now: MonotonicTime, retryMilliseconds retry: Int? = nil) -> Step {
    if let openedAt, now - openedAt >= Self.goodLife { failures = 0 }
    openedAt = nil
    return again(atLeast: retry.map { .milliseconds($0) } ?? .zero)
  }

  /// The upstream refused it. `hasSession`: the request carried a session id.
  mutating func refused(status: Int, retryAfter: Duration?, hasSession: Bool) -> Step {
    openedAt = nil
    switch status {
    case 404 where wasOpen && hasSession: return .sessionLost
    // 409: the old stream is still open from the upstream's point of view.
    case 408, 409, 425, 429, 500, 502, 503, 504: return again(atLeast: retryAfter ?? .zero)
    default: return .never
    }
  }

  private mutating func again(atLeast delay: Duration) -> Step {
    failures = min(failures + 1, 10)
    let backoff = Self.usualDelay * (1 << (failures - 1))
    return .open(after: min(Self.longestDelay, max(delay, backoff)))
  }
}
