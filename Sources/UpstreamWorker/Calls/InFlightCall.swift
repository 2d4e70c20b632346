import Platform
import Protocol

/// An operation that the upstream has, or will get, and has not answered.
struct InFlightCall {
  let frame: CallFrame
  /// Id of the request towards the upstream; also its progress token.
  let id: Int
  /// Position of its first byte in the upstream's stdin; nil while it is held back because the pipe is full.
  var firstByte: Int?
  /// The worker's own deadline.
  let timer: Timer

  /// An answer of ours to the asker.
  func answer(_ outcome: CallOutcome) -> CallAnswer {
    CallAnswer(operation: frame.operation, blob: frame.blob, outcome: outcome)
  }
}
