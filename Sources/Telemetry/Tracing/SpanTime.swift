import Glibc
package import Platform

/// Gives moments of the monotonic clock their place in the calendar, by one reading of both clocks: a span has the length
/// that was measured, whatever was done to the calendar meanwhile.
package struct SpanTime: Sendable, Equatable {
  /// The moment of the reading.
  package let now: MonotonicTime
  /// The same moment in nanoseconds since 1970-01-01T00:00:00Z.
  private let calendar: Int64

  package init(now: MonotonicTime, calendar: Int64) {
    self.now = now
    self.calendar = calendar
  }

  /// Reads both clocks.
  package static func read() -> SpanTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return SpanTime(now: .now, calendar: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// Nanoseconds since 1970-01-01T00:00:00Z; 0 for moments before.
  package func nanoseconds(of time: MonotonicTime) -> UInt64 {
    UInt64(clamping: calendar.subtractingSaturating((now - time).wholeNanoseconds))
  }
}

extension Int64 {
  fileprivate func subtractingSaturating(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (self < 0 ? .min : .max) : difference
  }
}
