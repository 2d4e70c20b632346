import Platform

/// An operation that the supervisor has taken and not ended.
struct ActiveOperation {
  enum Phase {
    /// Waits for its server.
    case waiting
    /// Its frame went to the worker.
    case sent
  }

  let operation: Operation
  let admitted: MonotonicTime
  var phase: Phase
  /// The deadline while it waits; a backstop behind the worker's own deadline afterwards.
  var timer: Timer
}
