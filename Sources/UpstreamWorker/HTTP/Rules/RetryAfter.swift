/// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date in one of the three forms of section 5.6.7. Pure.
enum RetryAfter {
  /// What a server may ask for at most; then it is tried again all the same.
  static let longest = Duration.seconds(3600)

  /// Nil when there is no such field or it cannot be read. `now`: seconds since 1970.
  static func parse(_ value: String?, now: Int) -> Duration? {
    guard let value, value.utf8.count <= 64 else { return nil }
    let text = value.drop { $0 == " " }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    if !digits.isEmpty, digits.count == text.count {
      return min(longest, .seconds(Int(digits) ?? Int(longest.components.seconds)))
    }
    return seconds(date: value).map { min(longest, .seconds(max(0, $0 - now))) }
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
  private static func seconds(date: String) -> Int? {
    var words = date.split { $0 == " " || $0 == "," || $0 == "-" }
    guard words.count >= 5 else { return nil }
    if let month = months.firstIndex(of: String(words[1])), words.count == 5 {
      return seconds(year: words[4], month: month + 1, day: words[2], clock: words[3])
    }
    words.removeFirst()
    guard words.count == 5, words[4] == "GMT", let month = months.firstIndex(of: String(words[1])) else { return nil }
    return seconds(year: words[2], month: month + 1, day: words[0], clock: words[3])
  }

  private static func seconds(year: Substring, month: Int, day: Substring, clock: Substring) -> Int? {
    let times = clock.split(separator: ":").compactMap { number($0) }
    guard var year = number(year), let day = number(day), (1...31).contains(day), times.count == 3, times[0] < 24,
      times[1] < 60, times[2] <= 60
    else { return nil }
    if year < 100 { year += year < 70 ? 2000 : 1900 }
    return ((days(year, month, day) * 24 + times[0]) * 60 + times[1]) * 60 + times[2]
  }

  private static func number(_ text: Substring) -> Int? {
    text.utf8.count <= 4 && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int(text) : nil
  }

  /// Days since 1970-01-01 in the Gregorian calendar; years that begin in March put the leap day at their end.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month > 2 ? year : year - 1
    let monthFromMarch = (month + 9) % 12
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * monthFromMarch + 2) / 5 + day - 719_469
  }
}
