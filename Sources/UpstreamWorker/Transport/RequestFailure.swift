import Protocol

/// Why a request has no answer that could be used.
struct RequestFailure: Error {
  /// What the upstream may have done with it.
  enum Fate { case notSent, unknown, failed }

  let fate: Fate
  let failure: CallFailure
  /// The upstream is overloaded or out of order, which can pass: a list is worth another try, an operation is not
  /// repeated.
  var isOutage = false
  /// The upstream itself refused it: it is alive.
  var isAnswer = false
  /// How long the upstream wants to be left alone.
  var retryAfter: Duration?

  init(
    _ fate: Fate, _ failure: CallFailure, isOutage: Bool = false, isAnswer: Bool = false, retryAfter: Duration? = nil
  ) {
    self.fate = fate
    self.failure = failure
    self.isOutage = isOutage
    self.isAnswer = isAnswer
    self.retryAfter = retryAfter
  }

  /// How an operation ends by it.
  var outcome: CallOutcome {
    switch fate {
    case .notSent: .notSent(failure)
    case .unknown: .unknown(failure)
    case .failed: .failed(failure)
    }
  }
}
