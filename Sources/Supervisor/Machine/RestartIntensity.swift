import Platform

/// How often a server restarted lately (Erlang/OTP: restart intensity within a period). More than `most` within
/// `period` is a crash loop; it is never given up.
struct RestartIntensity: Sendable, Equatable {
  static let most = 5
  static let period = Duration.seconds(60)

  private var moments: [MonotonicTime] = []

  /// Notes a restart and says whether there were too many.
  mutating func note(at now: MonotonicTime) -> Bool {
    moments.removeAll { now - $0 > Self.period }
    moments.append(now)
    return moments.count > Self.most
  }

  mutating func reset() { moments = [] }
}
