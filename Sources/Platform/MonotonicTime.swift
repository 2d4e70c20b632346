import CLinux
import Glibc

/// A moment on the kernel's monotonic clock (`CLOCK_MONOTONIC`), in nanoseconds. Wall-clock jumps do not move it.
package struct MonotonicTime: Sendable, Hashable, Comparable {
  package let nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The current moment; costs one vDSO call.
  package static var now: MonotonicTime {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

  /// Saturates instead of trapping, so that "never" can be a very large duration.
  package static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
    let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    return MonotonicTime(nanoseconds: overflow ? (time.nanoseconds < 0 ? .min : .max) : sum)
  }

  package static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
    .nanoseconds(left.nanoseconds.subtractingSaturated(right.nanoseconds))
  }

  /// Whole milliseconds since `earlier`, never negative.
  package func milliseconds(since earlier: MonotonicTime) -> Int {
    Int(max(0, nanoseconds.subtractingSaturated(earlier.nanoseconds)) / 1_000_000)
  }
}

extension Int64 {
  func subtractingSaturated(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (self < 0 ? .min : .max) : difference
  }
}

extension Duration {
  /// This duration in nanoseconds, saturated to `Int64`.
  package var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carried ? (product < 0 ? .min : .max) : sum
  }

  /// This duration in whole milliseconds, rounded towards zero.
  package var wholeMilliseconds: Int { Int(wholeNanoseconds / 1_000_000) }
}
