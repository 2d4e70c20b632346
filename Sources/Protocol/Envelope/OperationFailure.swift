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
  /// The value of the `Allow` header that goes with a 405.
  package var allow: String?
  /// Why arguments may have to do with it.
  package var argumentFault = ArgumentFault.none
  /// What helps, when we know it.
  package var hint: FailureHint?

  /// Whether the arguments are the reason of a failure.
  package enum ArgumentFault: Sendable {
    case none
    /// The upstream refused the request for a reason of its own.
    case possible
    /// They were refused: by us, or by the upstream (JSON-RPC -32602).
    case certain
  }

  package init(
    status: Int, code: ErrorCode, message: String, isRetryable: Bool = false, reason: String? = nil,
    allow: String? = nil, hint: FailureHint? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.isRetryable = isRetryable
    self.reason = reason
    self.allow = allow
    self.hint = hint
  }
}
