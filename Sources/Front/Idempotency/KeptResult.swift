import Protocol

/// The outcome of an operation in the form in which it is kept. The upstream's own bytes are in it untouched.
struct KeptResult: Sendable, Equatable {
  /// Longest text of an outcome that is kept; of a longer one only that there was one.
  static let longest = 1 << 20

  /// Data may nest as deep as a message of an upstream, inside our own object.
  private static let limits = JSONLimits(
    maxBytes: JSONLimits.upstream.maxBytes, maxDepth: JSONLimits.upstream.maxDepth + 1)
  private static let failurePrefix = Array(#"{"failure""#.utf8)

  /// How the operation ended, as `GET /v1/idempotency/records` says it.
  enum State: String, Sendable, CaseIterable {
    case inProgress = "in_progress"
    case completed
    case failed
    case unknown
  }

  /// JSON text.
  let bytes: [UInt8]

  /// What was read from disk.
  init(reading bytes: [UInt8]) { self.bytes = bytes }

  init(_ result: Result<JSONSlice?, OperationFailure>) {
    let text = Self.text(of: result)
    bytes = text.count <= Self.longest ? text : Self.text(of: .failure(FailureMapping.outcomeNotKept(text.count)))
  }

  private static func text(of result: Result<JSONSlice?, OperationFailure>) -> [UInt8] {
    var writer = JSONWriter(reserving: 256)
    writer.beginObject()
    switch result {
    case .success(let data): if let data { writer.member("data", data) }
    case .failure(let failure):
      writer.key("failure")
      writer.beginObject()
      writer.member("status", failure.status)
      writer.member("code", failure.code.rawValue)
      writer.member("message", failure.message)
      writer.member("retryable", failure.isRetryable)
      if let reason = failure.reason { writer.member("reason", reason) }
      writer.member("state", failure.executionState.rawValue)
      if failure.argumentFault != .none { writer.member("argumentFault", failure.argumentFault.rawValue) }
      writer.endObject()
    }
    writer.endObject()
    return writer.finish()
  }

  /// The outcome. What cannot be read any more is an unknown one.
  var result: Result<JSONSlice?, OperationFailure> {
    guard let text = try? JSONSlice(validating: bytes, limits: Self.limits), text.kind == .object else {
      return .failure(FailureMapping.recordUnreadable)
    }
    guard let failure = text.member("failure") else { return .success(text.member("data")) }
    guard let status = failure.member("status")?.int,
      let code = failure.member("code")?.string.flatMap({ ErrorCode(rawValue: $0) }),
      let message = failure.member("message")?.string,
      let state = failure.member("state")?.string.flatMap({ RetryAdvice.ExecutionState(rawValue: $0) })
    else { return .failure(FailureMapping.recordUnreadable) }
    var read = OperationFailure(
      status: status, code: code, message: message, isRetryable: failure.member("retryable")?.bool ?? false,
      reason: failure.member("reason")?.string, executionState: state)
    let fault = failure.member("argumentFault")?.string.flatMap { OperationFailure.ArgumentFault(rawValue: $0) }
    read.argumentFault = fault ?? .none
    return .failure(read)
  }

  var state: State {
    guard bytes.starts(with: Self.failurePrefix) else { return .completed }
    return switch result {
    case .success: .completed
    case .failure(let failure) where failure.reason == FailureMapping.outcomeNotKept(0).reason: .completed
    case .failure(let failure): failure.executionState == .unknown ? .unknown : .failed
    }
  }
}
