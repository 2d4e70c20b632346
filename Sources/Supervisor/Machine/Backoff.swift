/// Delays between attempts: 500 ms · 2^(n−1), at most 30 s, each scaled by a jitter of ±20 % so that servers that failed
/// together do not come back together (contract §6.1).
///
///     attempt   1     2     3     4     5     6      7 and more
///     delay     0.5 s 1 s   2 s   4 s   8 s   16 s   30 s
struct Backoff: Sendable {
  static let first = Duration.milliseconds(500)
  static let cap = Duration.seconds(30)

  /// The delay before the attempt after `failures` failures in a row; `jitter` in 0…1 moves it through ±20 %.
  static func delay(failures: Int, jitter: Double) -> Duration {
    let doublings = min(max(0, failures - 1), 16)
    let base = min(first * (1 << doublings), cap)
    return min(base * (0.8 + 0.4 * min(max(jitter, 0), 1)), cap)
  }
}
