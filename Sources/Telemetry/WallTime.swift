import Glibc

/// A moment of the calendar (`CLOCK_REALTIME`), for records that people and other programs read. Durations are measured
/// with `MonotonicTime`.
package struct WallTime: Sendable, Equatable {
  /// Since 1970-01-01T00:00:00Z, without leap seconds.
  package let seconds: Int64
  /// 0..<1,000,000
  package let microseconds: Int32

  package init(seconds: Int64, microseconds: Int32 = 0) {
    self.seconds = seconds
    self.microseconds = microseconds
  }

  package static var now: WallTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return WallTime(seconds: Int64(time.tv_sec), microseconds: Int32(time.tv_nsec / 1000))
  }

  /// For example `2026-07-28T09:05:00.000042Z` (RFC 3339, UTC).
  package var rfc3339: String {
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let (year, month, day) = Self.civil(days: days)
    let second = seconds - days * 86_400
    var digits: [UInt8] = []
    digits.reserveCapacity(27)
    func append(_ number: Int64, width: Int, then separator: UInt8) {
      var divisor: Int64 = 1
      for _ in 1..<width { divisor *= 10 }
      while divisor > 0 {
        digits.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
        divisor /= 10
      }
      digits.append(separator)
    }
    append(year, width: 4, then: UInt8(ascii: "-"))
    append(month, width: 2, then: UInt8(ascii: "-"))
    append(day, width: 2, then: UInt8(ascii: "T"))
    append(second / 3600, width: 2, then: UInt8(ascii: ":"))
    append(second / 60 % 60, width: 2, then: UInt8(ascii: ":"))
    append(second % 60, width: 2, then: UInt8(ascii: "."))
    append(Int64(microseconds), width: 6, then: UInt8(ascii: "Z"))
    return String(decoding: digits, as: UTF8.self)
  }

  /// The proleptic Gregorian date of a day counted from 1970-01-01, for the years 0 to 9999. Years are counted from March,
  /// so that the leap day is the last of its year; an era is 400 years.
  private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468  // 0000-03-01
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
