import Protocol
import Supervisor
import Testing

@testable import Front

/// The end of an operation and its row of the error matrix (contract §3.3).
@Suite("failure mapping")
struct FailureMappingTests {
  /// How an operation without an answer of the upstream ended.
  enum End: String, CaseIterable { case failed, notSent, unknown }

  private static func outcome(_ end: End, _ failure: CallFailure) -> OperationFailure? {
    let outcome: CallOutcome =
      switch end {
      case .failed: .failed(failure)
      case .notSent: .notSent(failure)
      case .unknown: .unknown(failure)
      }
    let result = FailureMapping.outcome(
      of: .answered(outcome), kind: "Tool call", server: "s", timeoutMilliseconds: 50)
    guard case .failure(let told) = result else { return nil }
    return told
  }

  /// Status, code, `retryable` and reason of each row.
  private static func row(_ end: End, _ reason: CallFailure.Reason) -> (Int, ErrorCode, Bool, String?) {
    switch (end, reason) {
    case (_, .httpStatus): (502, .upstreamError, false, nil)
    case (_, .unauthorized): (502, .upstreamError, false, "auth_expired")
    case (.failed, .badAnswer), (.failed, .answerTooLarge): (502, .upstreamError, false, nil)
    case (.failed, _): (500, .internalError, true, "outcome_unknown")
    case (.notSent, .cancelled), (.unknown, .cancelled): (409, .upstreamError, false, "cancelled")
    case (.notSent, .timeout): (504, .upstreamTimeout, true, "not_sent")
    case (.notSent, .queueFull): (503, .serverUnreachable, true, "queue_full")
    case (.notSent, _): (503, .serverUnreachable, true, "restarting")
    case (.unknown, .timeout): (504, .upstreamTimeout, true, "outcome_unknown")
    case (.unknown, _): (503, .serverUnreachable, true, "outcome_unknown")
    }
  }

  @Test("every reason has its row", arguments: End.allCases, CallFailure.Reason.allCases)
  func rows(end: End, reason: CallFailure.Reason) throws {
    let failure = CallFailure(reason, "it broke", code: reason == .unauthorized ? .authExpired : nil)
    let told = try #require(Self.outcome(end, failure))
    let row = Self.row(end, reason)
    #expect(told.status == row.0 && told.code == row.1 && told.isRetryable == row.2 && told.reason == row.3, "\(told)")
    #expect(told.message.contains("it broke") || [.timeout, .cancelled].contains(reason))
  }

  @Test(
    "an upstream's status is told as it is, and never becomes ours", arguments: [400, 401, 403, 404, 429, 500, 503])
  func statuses(status: Int) throws {
    let told = try #require(Self.outcome(.failed, CallFailure(.httpStatus, "HTTP \(status): no")))
    #expect(told.status == 502 && told.message == "HTTP \(status): no" && told.reason == nil)
  }

  @Test("one sentence about credentials, with the code that is the cause")
  func credentials() throws {
    let detail = "the token has expired; run `warmplane auth login s`"
    for text in [detail, detail + "."] {
      let told = try #require(Self.outcome(.notSent, CallFailure(.unauthorized, text, code: .authExpired)))
      #expect(told.message == "Server \"s\": \(detail).")
      #expect(told.reason == "auth_expired" && !told.isRetryable)
    }
  }

  @Test("what upstreams say is cut")
  func long() throws {
    let long = "HTTP 500: " + String(repeating: "x", count: 100_000)
    #expect(try #require(Self.outcome(.failed, CallFailure(.httpStatus, long))).message.count < 2100)
  }

  @Test("a server that cannot be used gives its code, and whether it can pass", arguments: ReadinessCode.allCases)
  func unavailable(code: ReadinessCode) throws {
    let result = FailureMapping.outcome(
      of: .unavailable(code, message: "m"), kind: "Tool call", server: "s", timeoutMilliseconds: 1)
    guard case .failure(let told) = result else { return #expect(Bool(false)) }
    #expect(told.status == 503 && told.code == .serverUnreachable && told.message == "m")
    #expect(told.reason == code.rawValue && told.isRetryable == code.isRetryable)
  }

  /// How far an operation came, for each end that it can have (contract §10, "Retry hints").
  private static func state(_ end: End, _ reason: CallFailure.Reason) -> RetryAdvice.ExecutionState {
    switch (end, reason) {
    case (.notSent, _), (.failed, .unauthorized): .notStarted
    case (.failed, .badAnswer), (.failed, .answerTooLarge), (.failed, .httpStatus): .completed
    case (.failed, _), (.unknown, _): .unknown
    }
  }

  @Test("it is told how far it came, and repeating is safe only where it was not begun")
  func states() throws {
    for end in End.allCases {
      for reason in CallFailure.Reason.allCases {
        let told = try #require(Self.outcome(end, CallFailure(reason, "it broke")))
        let state = Self.state(end, reason)
        #expect(told.executionState == state, "\(end) \(reason)")
        #expect(told.retry == RetryAdvice(state == .notStarted ? .safe : .unsafe, state), "\(end) \(reason)")
      }
    }
    let others: [(OperationEnd, RetryAdvice.ExecutionState)] = [
      (.answered(.rejected(.trusted(#"{"code":-1,"message":"no"}"#))), .completed),
      (.unavailable(.crashLoop, message: "m"), .notStarted), (.expiredWhileStarting, .notStarted),
      (.lost("m"), .unknown),
    ]
    for (end, state) in others {
      let result = FailureMapping.outcome(of: end, kind: "Tool call", server: "s", timeoutMilliseconds: 1)
      guard case .failure(let told) = result else { throw CallFailure(.fault, "\(end) is no failure") }
      #expect(told.executionState == state, "\(end)")
    }
  }
}
