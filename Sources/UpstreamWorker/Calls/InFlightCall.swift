import Platform
import Protocol

/// An operation that the upstream has, or will get, and has not answered.
struct InFlightCall {
  let frame: CallFrame
  /// When the worker gives it up.
  let deadline: MonotonicTime
  let timer: Timer
  /// The upstream found its headers wrong once, and it was sent again with others.
  var hasNewHeaders = false
  /// The highest progress that was told; it only ever rises (MCP progress).
  var progress: Double?

  /// An answer of ours to the asker.
  func answer(_ outcome: CallOutcome) -> CallAnswer {
    CallAnswer(operation: frame.operation, blob: frame.blob, outcome: outcome)
  }

  /// What another supervisor learns of it.
  func description(now: MonotonicTime) -> InFlightOperation {
    InFlightOperation(
      operation: frame.operation, blob: frame.blob,
      remainingMilliseconds: max(0, (deadline - now).wholeMilliseconds))
  }
}
