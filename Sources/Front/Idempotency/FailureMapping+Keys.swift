import Protocol

/// Rows of the error matrix that come with idempotency keys.
extension FailureMapping {
  static func keyReused(_ key: IdempotencyKey) -> OperationFailure {
    OperationFailure(
      status: 409, code: .invalidArgs,
      message: "The idempotency key \"\(key.text)\" stands for another request: its id or arguments differ. "
        + "Use a new key for a new request.",
      reason: "idempotency_key_reused")
  }

  /// The first operation goes on; this one did nothing.
  static func keyInProgress(_ kind: String, _ timeout: Int) -> OperationFailure {
    OperationFailure(
      status: 504, code: .upstreamTimeout,
      message: "\(kind) timed out after \(timeout)ms: the first request with this idempotency key has no outcome yet. "
        + "Ask again with the same key.",
      isRetryable: true, reason: "in_progress", executionState: .unknown)
  }

  /// Nothing was sent, because it could not be promised that it is not sent again.
  static let keyNotKept = OperationFailure(
    status: 500, code: .internalError,
    message:
      "The idempotency key could not be kept on disk, so nothing was sent; `warmplane logs` says why. Try again, "
      + "or without a key.",
    isRetryable: true, reason: "idempotency_unavailable")

  static let recordsUnread = OperationFailure(
    status: 500, code: .internalError,
    message: "The records of idempotency keys cannot be read: the disk does not answer.", isRetryable: true,
    reason: "idempotency_unavailable")

  static let tooManyKeys = OperationFailure(
    status: 503, code: .serverUnreachable,
    message: "Too many requests with idempotency keys are in progress. Nothing was sent; try again later.",
    isRetryable: true, reason: "queue_full")

  /// The daemon that carried it out ended, and so did its worker.
  static let outcomeLost = OperationFailure(
    status: 503, code: .serverUnreachable,
    message: "The first request with this idempotency key was lost with the daemon or worker that had it; it may have "
      + "run. Use a new key to try again.",
    isRetryable: true, reason: "outcome_unknown")

  /// What was kept cannot be read any more.
  static let recordUnreadable = OperationFailure(
    status: 503, code: .serverUnreachable,
    message: "The outcome of the first request with this idempotency key cannot be read any more; it may have run.",
    isRetryable: true, reason: "outcome_unknown")

  static func outcomeNotKept(_ bytes: Int) -> OperationFailure {
    OperationFailure(
      status: 502, code: .upstreamError,
      message: "The first request with this idempotency key completed; its result of \(bytes) bytes is too large to be "
        + "given again.",
      reason: "outcome_not_kept", executionState: .completed)
  }
}
