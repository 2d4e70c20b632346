import Protocol
import Testing

/// The normalised answer (contract §3.2) and the closed sets of codes (§3.3, §6.2).
@Suite struct EnvelopeTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func success() {
    let data = JSONSlice.trusted(#"{"n": 12345678901234567890, "x": 1.0, "s": "\u00e9"}"#)
    #expect(
      text(Envelope.success(requestID: .trusted(#""r\u00e91""#), traceID: "t", data: data))
        == #"{"ok":true,"request_id":"r\u00e91","trace_id":"t","data":\#(data.text),"error":null}"#)
  }

  @Test func successWithoutData() {
    #expect(
      text(Envelope.success(requestID: nil, traceID: "t", data: nil))
        == #"{"ok":true,"request_id":null,"trace_id":"t","data":null,"error":null}"#)
  }

  @Test(arguments: ["null", "7", "[]", "{}", "true"])
  func aRequestIDIsAStringOrNull(id: String) {
    #expect(text(Envelope.success(requestID: .trusted(id), traceID: "t", data: nil)).contains(#""request_id":null"#))
  }

  @Test func failure() {
    let failure = OperationFailure(
      status: 503, code: .serverUnreachable, message: "Server \"a\" is\nstarting.", isRetryable: true,
      reason: "starting")
    #expect(
      text(Envelope.failure(requestID: .trusted(#""r""#), traceID: "t", failure))
        == #"{"ok":false,"request_id":"r","trace_id":"t","data":null,"error":{"code":"SERVER_UNREACHABLE","#
        + #""message":"Server \"a\" is\nstarting.","retryable":true,"reason":"starting"},"#
        + #""retry":{"classification":"safe","upstream_execution_state":"not_started"}}"#)
  }

  @Test func failureWithoutReason() {
    let failure = OperationFailure(status: 400, code: .invalidArgs, message: "m")
    #expect(
      text(Envelope.failure(requestID: nil, traceID: "t", failure))
        == #"{"ok":false,"request_id":null,"trace_id":"t","data":null,"error":{"code":"INVALID_ARGS","#
        + #""message":"m","retryable":false},"#
        + #""retry":{"classification":"safe","upstream_execution_state":"not_started"}}"#)
  }

  @Test(
    arguments: [
      (nil, nil, .unsafe, RetryAdvice(.safe, .notStarted)),
      ("starting", nil, .unsafe, RetryAdvice(.safe, .notStarted)),
      ("outcome_unknown", nil, .unsafe, RetryAdvice(.unsafe, .unknown)),
      ("outcome_unknown", nil, .idempotent, RetryAdvice(.idempotent, .unknown)),
      ("outcome_unknown", nil, .safe, RetryAdvice(.safe, .unknown)),
      (nil, .completed, .unsafe, RetryAdvice(.unsafe, .completed)),
      ("cancelled", .unknown, .idempotent, RetryAdvice(.idempotent, .unknown)),
      ("cancelled", .notStarted, .unsafe, RetryAdvice(.safe, .notStarted)),
    ] as [(String?, RetryAdvice.ExecutionState?, RetryAdvice.Classification, RetryAdvice)])
  func advice(
    reason: String?, state: RetryAdvice.ExecutionState?, repetition: RetryAdvice.Classification, advice: RetryAdvice
  ) {
    var failure = OperationFailure(
      status: 503, code: .serverUnreachable, message: "m", reason: reason, executionState: state)
    failure.repetition = repetition
    #expect(failure.retry == advice)
  }

  @Test func oneLine() {
    let bytes = Envelope.success(requestID: nil, traceID: "t", data: .trusted("{\n \"a\" :\r\n 1 }"))
    #expect(!bytes.contains { $0 == 0x0a || $0 == 0x0d })
  }

  // MARK: Codes

  @Test func errorCodes() {
    #expect(
      ErrorCode.allCases.map(\.rawValue) == [
        "INVALID_ARGS", "TOOL_NOT_FOUND", "RESOURCE_NOT_FOUND", "PROMPT_NOT_FOUND", "SERVER_UNREACHABLE",
        "UPSTREAM_TIMEOUT", "UPSTREAM_ERROR", "INTERNAL_ERROR",
      ])
  }

  /// Contract §6.2, row by row.
  static let readiness: [(code: String, isRetryable: Bool)] = [
    ("ready", false), ("starting", true), ("restarting", true), ("crash_loop", true), ("disabled", false),
    ("config_invalid", false), ("auth_missing", false), ("auth_store_unavailable", true), ("auth_expired", false),
    ("auth_discovery_missing", false), ("auth_refresh_failed", true), ("transport_unavailable", true),
  ]

  @Test(arguments: readiness)
  func retryable(code: String, isRetryable: Bool) throws {
    #expect(try #require(ReadinessCode(rawValue: code)).isRetryable == isRetryable)
  }

  @Test func readinessCodesAreComplete() {
    #expect(ReadinessCode.allCases.map(\.rawValue) == Self.readiness.map(\.code))
  }
}
