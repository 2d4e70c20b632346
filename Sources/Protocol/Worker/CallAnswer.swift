/// The answer to one operation on its way back. A copy stays with the worker until the supervisor acknowledges it.
package struct CallAnswer: Sendable {
  package let operation: OperationID
  /// The blob of the call, untouched.
  package let blob: JSONSlice
  package let outcome: CallOutcome

  package init(operation: OperationID, blob: JSONSlice, outcome: CallOutcome) {
    self.operation = operation
    self.blob = blob
    self.outcome = outcome
  }

  /// The frame's payload.
  package func encoded() -> [UInt8] {
    JSONRPCWriter.result(id: .string(operation.description), reserving: 256 + blob.range.count + payloadSize) {
      writer in
      writer.beginObject()
      writer.member("blob", blob)
      switch outcome {
      case .completed(let result):
        writer.member("outcome", "completed")
        if let result { writer.member("value", result) }
      case .rejected(let error):
        writer.member("outcome", "rejected")
        writer.member("value", error)
      case .failed(let failure): Self.write(failure, "failed", to: &writer)
      case .notSent(let failure): Self.write(failure, "not_sent", to: &writer)
      case .unknown(let failure): Self.write(failure, "unknown", to: &writer)
      }
      writer.endObject()
    }
  }

  private static func write(_ failure: CallFailure, _ outcome: String, to writer: inout JSONWriter) {
    writer.member("outcome", outcome)
    writer.member("reason", failure.reason.rawValue)
    writer.member("detail", failure.detail)
    if let code = failure.code { writer.member("code", code.rawValue) }
  }

  private var payloadSize: Int {
    switch outcome {
    case .completed(let result): result?.range.count ?? 0
    case .rejected(let error): error.range.count
    case .failed, .notSent, .unknown: 256
    }
  }

  /// Reads the frame; nil when it is no answer to a call.
  package init?(id: RequestID, result: JSONSlice?) {
    guard case .string(let text) = id, let operation = OperationID(text), let result, result.kind == .object else {
      return nil
    }
    var blob: JSONSlice?
    var outcome: String?
    var value: JSONSlice?
    var reason: String?
    var detail = ""
    var code: ReadinessCode?
    for (key, member) in result.members {
      switch key.string {
      case "blob": blob = member
      case "outcome": outcome = member.string
      case "value": value = member
      case "reason": reason = member.string
      case "detail": detail = member.string ?? ""
      case "code": code = member.string.flatMap { ReadinessCode(rawValue: $0) }
      default: break
      }
    }
    guard let blob, let outcome else { return nil }
    let failure = CallFailure(reason.flatMap { CallFailure.Reason(rawValue: $0) } ?? .fault, detail, code: code)
    self.operation = operation
    self.blob = blob
    switch outcome {
    case "completed": self.outcome = .completed(value)
    case "rejected":
      guard let value else { return nil }
      self.outcome = .rejected(value)
    case "failed": self.outcome = .failed(failure)
    case "not_sent": self.outcome = .notSent(failure)
    case "unknown": self.outcome = .unknown(failure)
    default: return nil
    }
  }
}
