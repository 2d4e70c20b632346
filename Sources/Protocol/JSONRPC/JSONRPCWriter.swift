/// Writes JSON-RPC 2.0 messages, each on one line and without the line break at its end.
///
/// The writer handed to a closure expects exactly one value; what is spliced into it loses its line breaks.
package enum JSONRPCWriter {
  /// A request; without `params` the member is left out.
  package static func request(
    id: RequestID, method: String, reserving: Int = 256, params: ((inout JSONWriter) -> Void)? = nil
  ) -> [UInt8] {
    message(reserving) { writer in
      writer.member("id", id)
      writer.member("method", method)
      guard let params else { return }
      writer.key("params")
      params(&writer)
    }
  }

  /// A notification; without `params` the member is left out.
  package static func notification(
    method: String, reserving: Int = 256, params: ((inout JSONWriter) -> Void)? = nil
  ) -> [UInt8] {
    message(reserving) { writer in
      writer.member("method", method)
      guard let params else { return }
      writer.key("params")
      params(&writer)
    }
  }

  /// A response with the result of someone else, byte for byte.
  package static func result(id: RequestID, _ result: JSONSlice) -> [UInt8] {
    message(64 + result.range.count) { writer in
      writer.member("id", id)
      writer.member("result", result)
    }
  }

  /// A response with a result that the closure writes.
  package static func result(
    id: RequestID, reserving: Int = 256, _ result: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    message(reserving) { writer in
      writer.member("id", id)
      writer.key("result")
      result(&writer)
    }
  }

  /// An error response. A request whose id could not be read is answered without the member, as MCP wants it; JSON-RPC
  /// itself would say null.
  package static func error(id: RequestID?, code: Int, message text: String, data: JSONSlice? = nil) -> [UInt8] {
    message(128 + (data?.range.count ?? 0)) { writer in
      if let id { writer.member("id", id) }
      writer.key("error")
      writer.beginObject()
      writer.member("code", code)
      writer.member("message", text)
      if let data { writer.member("data", data) }
      writer.endObject()
    }
  }

  private static func message(_ reserving: Int, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter(reserving: reserving, oneLine: true)
    writer.beginObject()
    writer.member("jsonrpc", "2.0")
    body(&writer)
    writer.endObject()
    return writer.finish()
  }
}
