/// How an operation ended, as the worker saw it: only the worker knows whether bytes reached the upstream. Every
/// operation ends with exactly one of these.
package enum CallOutcome: Sendable {
  /// The upstream answered with a result; nil when its answer had none.
  case completed(JSONSlice?)
  /// The upstream answered with a JSON-RPC error object.
  case rejected(JSONSlice)
  /// The upstream's answer could not be used, or the operation was given up on our side after the upstream was told.
  case failed(CallFailure)
  /// Provably not one byte of it was written: sending it again is safe.
  case notSent(CallFailure)
  /// It was written and the answer will never be known.
  case unknown(CallFailure)
}

/// Why an operation has no answer of the upstream.
package struct CallFailure: Error, Sendable, Equatable {
  package enum Reason: String, Sendable, CaseIterable {
    /// The deadline passed.
    case timeout
    /// The asker gave up or somebody cancelled it.
    case cancelled
    /// The upstream's process ended or its connection broke.
    case upstreamDied = "upstream_died"
    /// No upstream is connected.
    case notReady = "not_ready"
    /// More operations wait than the server's queue holds.
    case queueFull = "queue_full"
    /// The answer was no usable JSON-RPC.
    case badAnswer = "bad_answer"
    /// The answer is larger than a frame may be.
    case answerTooLarge = "answer_too_large"
    /// An HTTP error status; the detail begins with `HTTP <status>`.
    case httpStatus = "http_status"
    /// There are no credentials, or they were refused; `code` says which readiness code that is.
    case unauthorized
    /// A fault of ours.
    case fault
  }

  package let reason: Reason
  /// One sentence without secrets.
  package let detail: String
  /// The readiness code that is the cause, where there is one.
  package let code: ReadinessCode?

  package init(_ reason: Reason, _ detail: String, code: ReadinessCode? = nil) {
    self.reason = reason
    self.detail = detail
    self.code = code
  }
}
