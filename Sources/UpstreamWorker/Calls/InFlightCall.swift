import Platform
import Protocol

/// An operation that the upstream has, or will get, and has not answered.
struct InFlightCall {
  let frame: CallFrame
  /// The worker's own deadline.
  let timer: Timer

  /// An answer of ours to the asker.
  func answer(_ outcome: CallOutcome) -> CallAnswer {
    CallAnswer(operation: frame.operation, blob: frame.blob, outcome: outcome)
  }
}
