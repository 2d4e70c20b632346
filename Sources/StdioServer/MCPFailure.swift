import Protocol

/// Why a request gets no ordinary result.
package enum MCPFailure: Error {
  /// A JSON-RPC error; `data` is JSON text.
  case rpc(code: Int, message: String, data: [UInt8]? = nil)
  /// A tool ran and failed, or its arguments were wrong: a result with `isError`, which a model can read.
  case tool(String)

  package static func methodNotFound(_ method: String) -> MCPFailure {
    .rpc(code: -32601, message: "Method not found: \(method)")
  }

  package static func invalidParams(_ message: String) -> MCPFailure {
    .rpc(code: -32602, message: message)
  }

  /// `UnsupportedProtocolVersion` of the modern revision, which tells the client what to ask for instead.
  package static func unsupportedVersion(_ requested: String, supported: [String]) -> MCPFailure {
    .rpc(
      code: -32022, message: "Unsupported protocol version", data: versions(requested: requested, supported: supported))
  }

  /// The `data` of an error about versions: `{"supported":[…],"requested":"…"}`.
  package static func versions(requested: String, supported: [String]) -> [UInt8] {
    var data = JSONWriter()
    data.beginObject()
    data.member("supported", supported)
    data.member("requested", requested)
    data.endObject()
    return data.bytes
  }

  /// What a missing resource is called changed with the modern revision.
  package static func resourceNotFound(_ uri: String, isModern: Bool) -> MCPFailure {
    var data = JSONWriter()
    data.beginObject()
    data.member("uri", uri)
    data.endObject()
    return .rpc(code: isModern ? -32602 : -32002, message: "Resource not found", data: data.bytes)
  }
}
