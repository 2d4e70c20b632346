import Platform

/// An operation that the supervisor has taken and not ended.
struct ActiveOperation {
  enum Phase {
    /// Waits for its server.
    case waiting
    /// Its frame went to the worker.
    case sent
  }

  /// Nil for one that only waits for its server to be listed.
  let operation: Operation?
  let server: String
  let admitted: MonotonicTime
  var phase: Phase
  /// The deadline while it waits; a backstop behind the worker's own deadline afterwards.
  var timer: Timer
  /// When its frame went to the worker.
  var sentAt: MonotonicTime?
}
