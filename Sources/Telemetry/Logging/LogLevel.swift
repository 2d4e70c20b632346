/// How much a record matters; ordered from the least to the most.
package enum LogLevel: Int, Sendable, Comparable, CaseIterable {
  case trace
  case debug
  case info
  case warn
  case error

  /// As it is printed.
  package var name: String {
    switch self {
    case .trace: "TRACE"
    case .debug: "DEBUG"
    case .info: "INFO"
    case .warn: "WARN"
    case .error: "ERROR"
    }
  }

  package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}
