/// A failed operation as every surface tells it: one row of the error matrix (contract §3.3).
package struct OperationFailure: Error, Sendable, Equatable {
  /// HTTP status of this failure on `/v1`.
  package let status: Int
  package let code: ErrorCode
  /// One English sentence or two: what happened, to which server, what to do next. Without secrets.
  package let message: String
  /// The condition can pass; not that repeating is harmless.
  package let isRetryable: Bool
  package let reason: String?
  /// How far it came at its server.
  package let executionState: RetryAdvice.ExecutionState
  /// What carrying it out again would do if it was carried out before: what the server says of it, else `unsafe`.
  package var repetition = RetryAdvice.Classification.unsafe
  /// The value of the `Allow` header that goes with a 405.
  package var allow: String?
  /// The upstream's own JSON-RPC error object, when it refused the request by one.
  package var upstreamError: [UInt8]?
  /// Why arguments may have to do with it.
  package var argumentFault = ArgumentFault.none
  /// What helps, when we know it.
  package var hint: FailureHint?

  /// Whether the arguments are the reason of a failure.
  package enum ArgumentFault: String, Sendable {
    case none
    /// The upstream refused the request for a reason of its own.
    case possible
    /// They were refused: by us, or by the upstream (JSON-RPC -32602).
    case certain
  }

  /// `executionState` nil: nothing was carried out, or with the reason `outcome_unknown`, nobody knows.
  package init(
    status: Int, code: ErrorCode, message: String, isRetryable: Bool = false, reason: String? = nil,
    executionState: RetryAdvice.ExecutionState? = nil, allow: String? = nil, hint: FailureHint? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.isRetryable = isRetryable
    self.reason = reason
    self.executionState = executionState ?? (reason == "outcome_unknown" ? .unknown : .notStarted)
    self.allow = allow
    self.hint = hint
  }

  /// The member `retry` of its envelope. What was not carried out can always be repeated.
  package var retry: RetryAdvice {
    RetryAdvice(executionState == .notStarted ? .safe : repetition, executionState)
  }
}
