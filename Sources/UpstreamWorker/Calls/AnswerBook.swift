import Protocol

/// Answers that no supervisor has acknowledged, oldest first. Pure.
///
/// Bounded by what can be in flight (`UpstreamLink.mostCalls`) while nobody reads, and by `mostBytes`: an answer that
/// does not fit any more is replaced by a small one that says so, because its operation must end all the same.
struct AnswerBook {
  static let mostBytes = 4 * Frame.maximumLength

  private var frames: [OperationID: [UInt8]] = [:]
  private var order: [OperationID] = []
  private(set) var bytes = 0

  /// The operations whose answers are kept.
  var operations: [OperationID] { order.filter { frames[$0] != nil } }

  /// Keeps an answer and returns its frame.
  mutating func keep(_ answer: CallAnswer) -> [UInt8] {
    var frame = answer.encoded()
    if frame.count > Frame.maximumLength || bytes + frame.count > Self.mostBytes {
      let failure = CallFailure(.answerTooLarge, "its answer of \(frame.count) bytes is larger than can be kept")
      frame = CallAnswer(operation: answer.operation, blob: answer.blob, outcome: .failed(failure)).encoded()
    }
    if let old = frames.updateValue(frame, forKey: answer.operation) {
      bytes -= old.count
    } else {
      order.append(answer.operation)
    }
    bytes += frame.count
    return frame
  }

  /// Forgets answers that were delivered.
  mutating func acknowledge(_ operations: [OperationID]) {
    for operation in operations {
      if let frame = frames.removeValue(forKey: operation) { bytes -= frame.count }
    }
    // Acknowledged names are dropped from the order in bulk: one pass for many.
    if order.count > 2 * frames.count + 32 { order.removeAll { frames[$0] == nil } }
  }

  /// All kept frames, oldest first, for a supervisor that has just connected.
  var all: [[UInt8]] { order.compactMap { frames[$0] } }
}
