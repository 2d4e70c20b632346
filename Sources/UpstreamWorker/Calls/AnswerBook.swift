import Protocol

/// Answers that no supervisor has acknowledged, oldest first. Pure.
///
/// Bounded by what can be in flight (`UpstreamLink.mostCalls`) while nobody reads, and by `mostBytes`: an answer that
/// does not fit any more is replaced by a small one that says so, because its operation must end all the same.
struct AnswerBook {
  static let mostBytes = 4 * Frame.maximumLength

  private struct Kept {
    /// Grows with each answer: the order of arrival.
    let serial: Int
    let frame: [UInt8]
  }

  private struct Question {
    let asker: String
    let moment: Int64
  }

  private var kept: [OperationID: Kept] = [:]
  /// Who can ask again for operations whose answers are not acknowledged.
  private var questions: [OperationID: Question] = [:]
  private(set) var forgotten = ForgottenQuestions()
  private var lastSerial = 0
  private(set) var bytes = 0

  private var ordered: [(key: OperationID, value: Kept)] { kept.sorted { $0.value.serial < $1.value.serial } }

  /// The operations whose answers are kept, oldest first.
  var operations: [OperationID] { ordered.map(\.key) }

  /// All kept frames, oldest first, for a supervisor that has just connected.
  var all: [[UInt8]] { ordered.map(\.value.frame) }

  /// The kept answer of an operation.
  subscript(operation: OperationID) -> [UInt8]? { kept[operation]?.frame }

  /// An operation was taken at `moment`, nanoseconds of the monotonic clock.
  mutating func note(_ operation: OperationID, of asker: String?, at moment: Int64) {
    guard let asker, questions[operation] == nil else { return }
    questions[operation] = Question(asker: asker, moment: moment)
  }

  /// Keeps an answer and returns its frame.
  mutating func keep(_ answer: CallAnswer) -> [UInt8] {
    drop(answer.operation)
    var frame = answer.encoded()
    if frame.count > Frame.maximumLength || bytes + frame.count > Self.mostBytes {
      let failure = CallFailure(.answerTooLarge, "its answer of \(frame.count) bytes is larger than can be kept")
      frame = CallAnswer(operation: answer.operation, blob: answer.blob, outcome: .failed(failure)).encoded()
    }
    lastSerial += 1
    kept[answer.operation] = Kept(serial: lastSerial, frame: frame)
    bytes += frame.count
    return frame
  }

  /// Forgets answers that were delivered.
  mutating func acknowledge(_ operations: [OperationID]) {
    for operation in operations where drop(operation) {
      if let question = questions.removeValue(forKey: operation) { forgotten.add(question.asker, at: question.moment) }
    }
  }

  @discardableResult
  private mutating func drop(_ operation: OperationID) -> Bool {
    guard let old = kept.removeValue(forKey: operation) else { return false }
    bytes -= old.frame.count
    return true
  }
}
