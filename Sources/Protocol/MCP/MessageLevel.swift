/// How severe a log message of an upstream is (RFC 5424 levels, MCP logging). Less severe levels come first.
package enum MessageLevel: String, Sendable, CaseIterable, Comparable {
  case debug
  case info
  case notice
  case warning
  case error
  case critical
  case alert
  case emergency

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  package static func < (left: MessageLevel, right: MessageLevel) -> Bool { left.rank < right.rank }

  /// What to ask for so that two askers both get what they want; nil wants nothing.
  package static func mostVerbose(_ left: MessageLevel?, _ right: MessageLevel?) -> MessageLevel? {
    guard let left, let right else { return left ?? right }
    return min(left, right)
  }
}
