/// Numbers as people read them, in few columns; `-` for what is unknown.
enum Figure {
  static func count(_ number: Int?) -> String {
    guard let number else { return "-" }
    return number < 100_000 ? "\(number)" : scaled(Double(number) / 1000, by: 1000, ["k", "M", "G", "T"])
  }

  static func bytes(_ number: Int?) -> String {
    guard let number else { return "-" }
    return scaled(Double(number) / 1024, by: 1024, ["K", "M", "G", "T"])
  }

  /// A time span in its two largest units: `42s`, `12m05s`, `3h07m`, `2d03h`.
  static func span(milliseconds: Int?) -> String {
    guard let milliseconds, milliseconds >= 0 else { return "-" }
    let seconds = milliseconds / 1000
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3600: return "\(seconds / 60)m\(twoDigits(seconds % 60))s"
    case ..<86_400: return "\(seconds / 3600)h\(twoDigits(seconds / 60 % 60))m"
    default: return "\(seconds / 86_400)d\(twoDigits(seconds / 3600 % 24))h"
    }
  }

  /// A latency: `40µs`, `1.4ms`, `12ms`, `1.5s`.
  static func latency(milliseconds: Double?) -> String {
    guard let milliseconds, milliseconds >= 0 else { return "-" }
    if milliseconds < 0.95 { return "\(Int(clamping: milliseconds * 1000))µs" }
    return milliseconds < 999.5 ? "\(short(milliseconds))ms" : "\(short(milliseconds / 1000))s"
  }

  private static func scaled(_ number: Double, by step: Double, _ units: [String]) -> String {
    var number = number
    var index = 0
    while number >= step - 0.5, index < units.count - 1 {
      number /= step
      index += 1
    }
    return short(number) + units[index]
  }

  /// One decimal below ten, none above.
  private static func short(_ number: Double) -> String {
    if number >= 9.95 { return "\(Int(clamping: number))" }
    let tenths = Int((number * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension Int {
  /// The nearest integer; the largest one for everything above.
  fileprivate init(clamping number: Double) {
    self = number < 9e18 ? Int(number.rounded()) : .max
  }
}
