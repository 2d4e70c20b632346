/// The normalised answer of an operation (contract §3.2): `ok`, `request_id`, `trace_id`, `data`, `error`, in this order;
/// a failure has `retry` after them.
package enum Envelope {
  /// Success; `data` is the upstream's result, untouched, or null without one.
  package static func success(requestID: JSONSlice?, traceID: String, data: JSONSlice?) -> [UInt8] {
    write(ok: true, requestID, traceID, reserving: data?.range.count ?? 4) { writer in
      if let data { writer.member("data", data) } else { writer.memberNull("data") }
      writer.memberNull("error")
    }
  }

  /// Failure; no `data`.
  package static func failure(requestID: JSONSlice?, traceID: String, _ failure: OperationFailure) -> [UInt8] {
    write(ok: false, requestID, traceID, reserving: failure.message.utf8.count) { writer in
      writer.memberNull("data")
      writer.key("error")
      writer.beginObject()
      writer.member("code", failure.code.rawValue)
      writer.member("message", failure.message)
      writer.member("retryable", failure.isRetryable)
      if let reason = failure.reason { writer.member("reason", reason) }
      if let hint = failure.hint {
        writer.key("hint")
        hint.write(to: &writer)
      }
      writer.endObject()
      writer.key("retry")
      failure.retry.write(to: &writer)
    }
  }

  /// `requestID` is the client's own JSON text: a string or null; anything else is never echoed.
  private static func write(
    ok: Bool, _ requestID: JSONSlice?, _ traceID: String, reserving: Int, _ rest: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    var writer = JSONWriter(reserving: reserving + 192 + (requestID?.range.count ?? 0), oneLine: true)
    writer.beginObject()
    writer.member("ok", ok)
    if let requestID, requestID.kind == .string {
      writer.member("request_id", requestID)
    } else {
      writer.memberNull("request_id")
    }
    writer.member("trace_id", traceID)
    rest(&writer)
    writer.endObject()
    return writer.bytes
  }
}

extension JSONWriter {
  /// The value `{}`.
  package mutating func writeEmptyObject() {
    beginObject()
    endObject()
  }

  /// A member whose value is null.
  package mutating func memberNull(_ name: String) {
    key(name)
    null()
  }
}
