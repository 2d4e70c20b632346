import Glibc

/// Time as tokens and assertions have it.
package enum EpochSeconds {
  /// Seconds since 1970 on the wall clock (`CLOCK_REALTIME`).
  package static var now: Int64 { Int64(time(nil)) }
}
