import Protocol
import Supervisor

/// From the end of an operation to its row of the error matrix (contract §3.3). The only place that does.
enum FailureMapping {
  /// Text of upstreams in our messages is cut to this many characters.
  private static let longestQuote = 2000

  /// What is told: the upstream's result, or a failure. `kind` begins a sentence: "Tool call".
  static func outcome(
    of end: OperationEnd, kind: String, server: String, timeoutMilliseconds: Int
  ) -> Result<JSONSlice?, OperationFailure> {
    switch end {
    case .answered(.completed(let result)): .success(result)
    case .answered(.rejected(let error)): .failure(upstreamError(error))
    case .answered(.failed(let failure)): .failure(failed(failure, server))
    case .answered(.notSent(let failure)): .failure(notSent(failure, kind, server, timeoutMilliseconds))
    case .answered(.unknown(let failure)): .failure(unknown(failure, kind, server, timeoutMilliseconds))
    case .unavailable(let code, let message): .failure(unavailable(code, message))
    case .expiredWhileStarting:
      .failure(
        OperationFailure(
          status: 503, code: .serverUnreachable,
          message: "\(kind) gave up after \(timeoutMilliseconds)ms: server \"\(server)\" is still starting. "
            + "Nothing was sent; try again.",
          isRetryable: true, reason: ReadinessCode.starting.rawValue))
    case .lost(let message):
      .failure(
        OperationFailure(
          status: 503, code: .serverUnreachable, message: message, isRetryable: true, reason: "outcome_unknown"))
    }
  }

  static func unavailable(_ code: ReadinessCode, _ message: String) -> OperationFailure {
    OperationFailure(
      status: 503, code: .serverUnreachable, message: message, isRetryable: code.isRetryable, reason: code.rawValue)
  }

  static func denied(_ kind: EntryKind, _ id: String) -> OperationFailure {
    OperationFailure(
      status: 403, code: .invalidArgs, message: "\(kind.word) \"\(id)\" is blocked by policy.",
      reason: "policy_denied")
  }

  /// Nothing was sent.
  static let stopping = OperationFailure(
    status: 503, code: .serverUnreachable, message: "The daemon is stopping; nothing was sent.", isRetryable: true,
    reason: "stopping")

  /// The operation goes on, and its answer has nobody to go to.
  static func beingReplaced(hasKey: Bool) -> OperationFailure {
    let advice =
      hasKey
      ? "ask again with the same idempotency key to get its outcome."
      : "its outcome will not be told. With an idempotency key it would be."
    return OperationFailure(
      status: 503, code: .serverUnreachable,
      message: "The daemon is being replaced; this operation goes on, and \(advice)", isRetryable: true,
      reason: "outcome_unknown")
  }

  static let tooLarge = OperationFailure(
    status: 413, code: .invalidArgs,
    message: "The arguments are larger than \(CallFrame.longestParameters) bytes, the most that reaches a server.",
    reason: "body_too_large")

  static func unknown(_ kind: EntryKind, _ id: String) -> OperationFailure {
    OperationFailure(status: 404, code: kind.unknownCode, message: "\(kind.word) \"\(id)\" does not exist.")
  }

  /// Nothing with that request id runs.
  static func unknownOperation(_ requestID: String) -> OperationFailure {
    OperationFailure(
      status: 404, code: .invalidArgs, message: "No operation with the request id \"\(quote(requestID))\" is running.",
      reason: "unknown_operation")
  }

  /// A daemon that has just begun is asked for more than it can put off.
  static let workersUnknown = OperationFailure(
    status: 503, code: .serverUnreachable,
    message: "The daemon does not know yet what runs, and too many requests wait for that; try again.",
    isRetryable: true, executionState: .notStarted)

  private static func upstreamError(_ error: JSONSlice) -> OperationFailure {
    var message = quote(error.member("message")?.string ?? "no message")
    if let code = error.member("code") { message += " (code: \(String(decoding: code.bytes, as: UTF8.self)))" }
    if let data = error.member("data"), !data.isNull {
      message += "; data: \(quote(String(decoding: data.compacted().prefix(4 * longestQuote), as: UTF8.self)))"
    }
    var failure = OperationFailure(
      status: 502, code: .upstreamError, message: message, executionState: .completed)
    failure.argumentFault = error.member("code")?.int == MCPErrorCode.invalidParams ? .certain : .possible
    failure.upstreamError = Array(error.bytes)
    return failure
  }

  private static func failed(_ failure: CallFailure, _ server: String) -> OperationFailure {
    switch failure.reason {
    case .badAnswer, .answerTooLarge:
      OperationFailure(
        status: 502, code: .upstreamError, message: "Server \"\(server)\": \(failure.detail).",
        executionState: .completed)
    // An error status is an answer; what it did before nobody can tell from it.
    case .httpStatus: refused(failure, server, .completed)
    case .unauthorized: refused(failure, server, .notStarted)
    case .timeout, .cancelled, .upstreamDied, .notReady, .queueFull, .fault:
      OperationFailure(
        status: 500, code: .internalError, message: "A fault inside warmplane: \(failure.detail).",
        isRetryable: true, reason: "outcome_unknown")
    }
  }

  private static func notSent(
    _ failure: CallFailure, _ kind: String, _ server: String, _ timeout: Int
  ) -> OperationFailure {
    switch failure.reason {
    case .timeout:
      OperationFailure(
        status: 504, code: .upstreamTimeout,
        message: "\(kind) to server \"\(server)\" timed out after \(timeout)ms in the queue; it was not sent.",
        isRetryable: true, reason: "not_sent")
    case .cancelled: cancelled(kind, .notStarted)
    case .queueFull:
      OperationFailure(
        status: 503, code: .serverUnreachable,
        message: "The queue of server \"\(server)\" is full: \(failure.detail). Nothing was sent; try again later.",
        isRetryable: true, reason: "queue_full")
    case .httpStatus, .unauthorized: refused(failure, server, .notStarted)
    case .upstreamDied, .notReady, .badAnswer, .answerTooLarge, .fault:
      if let code = failure.code {
        // It does not come back by itself: somebody must give credentials, say.
        OperationFailure(
          status: 503, code: .serverUnreachable,
          message: "Server \"\(server)\" went away before this was sent: \(failure.detail).", reason: code.rawValue)
      } else {
        OperationFailure(
          status: 503, code: .serverUnreachable,
          message: "Server \"\(server)\" went away before this was sent: \(failure.detail). Try again.",
          isRetryable: true, reason: ReadinessCode.restarting.rawValue)
      }
    }
  }

  private static func unknown(
    _ failure: CallFailure, _ kind: String, _ server: String, _ timeout: Int
  ) -> OperationFailure {
    switch failure.reason {
    case .timeout:
      OperationFailure(
        status: 504, code: .upstreamTimeout,
        message: "\(kind) to server \"\(server)\" timed out after \(timeout)ms; it was cancelled and may have run.",
        isRetryable: true, reason: "outcome_unknown")
    case .cancelled: cancelled(kind, .unknown)
    case .httpStatus, .unauthorized: refused(failure, server, .unknown)
    case .upstreamDied, .notReady, .queueFull, .badAnswer, .answerTooLarge, .fault:
      OperationFailure(
        status: 503, code: .serverUnreachable,
        message: "Server \"\(server)\" was lost during the call (\(failure.detail)); it may have run.",
        isRetryable: true, reason: "outcome_unknown")
    }
  }

  /// The upstream refused the operation by an HTTP status, or there are no credentials for it. Whatever status that was,
  /// it is never ours: an upstream's 401 concerns us and not our client.
  private static func refused(
    _ failure: CallFailure, _ server: String, _ state: RetryAdvice.ExecutionState
  ) -> OperationFailure {
    let detail = quote(failure.detail)
    let message =
      failure.reason == .httpStatus
      ? detail : "Server \"\(server)\": \(detail.hasSuffix(".") ? String(detail.dropLast()) : detail)."
    return OperationFailure(
      status: 502, code: .upstreamError, message: message, reason: failure.code?.rawValue, executionState: state)
  }

  /// Somebody cancelled it. `kind` begins a sentence: "Tool call".
  static func cancelled(_ kind: String, _ state: RetryAdvice.ExecutionState) -> OperationFailure {
    let doubt = state == .notStarted ? "; nothing was sent" : "; it may have run"
    return OperationFailure(
      status: 409, code: .upstreamError, message: "\(kind) was cancelled\(doubt).", reason: "cancelled",
      executionState: state)
  }

  private static func quote(_ text: String) -> String {
    text.count > longestQuote ? text.prefix(longestQuote) + "…" : text
  }
}
