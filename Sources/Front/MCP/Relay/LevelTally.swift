import Protocol

/// The log levels of the sessions that see the same servers. Pure.
struct LevelTally: Equatable {
  /// What a session gets that has set no level, from what others let through.
  static let unasked = MessageLevel.info

  private var sessions: [MessageLevel?: Int] = [:]

  var isEmpty: Bool { sessions.isEmpty }
  /// The most verbose of the levels that were set.
  var wanted: MessageLevel? { sessions.keys.compactMap(\.self).min() }
  /// Whether a session has set none.
  var hasSilent: Bool { sessions[nil] != nil }

  mutating func add(_ level: MessageLevel?) { sessions[level, default: 0] += 1 }

  mutating func remove(_ level: MessageLevel?) {
    guard let count = sessions[level] else { return }
    sessions[level] = count > 1 ? count - 1 : nil
  }
}
