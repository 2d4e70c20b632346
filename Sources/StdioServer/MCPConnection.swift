package import Protocol

/// Writes messages in the shape that the client's revision of MCP demands.
package struct MCPConnection {
  /// How long, in milliseconds, a client may keep a list or a resource. Legacy clients are not told.
  package struct CacheHint {
    package let ttlMs: Int
    package let scope: String

    package init(ttlMs: Int, scope: String) {
      self.ttlMs = ttlMs
      self.scope = scope
    }
  }

  /// `Implementation` of the server: for display only.
  package let name: String
  package let version: String
  /// Takes one message without its end of line.
  private let send: ([UInt8]) -> Void

  package init(name: String, version: String, send: @escaping ([UInt8]) -> Void) {
    self.name = name
    self.version = version
    self.send = send
  }

  /// Answers with the members that `body` writes. The modern revision wants more than the legacy ones: what kind of
  /// result it is, who answers, and how long a list stays good.
  package func answer(_ request: MCPRequest, cache: CacheHint? = nil, _ body: (inout JSONWriter) -> Void) {
    var message = opening(request.id)
    message.key("result")
    message.beginObject()
    if request.isModern { message.member("resultType", "complete") }
    body(&message)
    if request.isModern {
      if let cache {
        message.member("ttlMs", cache.ttlMs)
        message.member("cacheScope", cache.scope)
      }
      message.key("_meta")
      message.beginObject()
      serverInfo(into: &message, key: "io.modelcontextprotocol/serverInfo")
      message.endObject()
    }
    message.endObject()
    message.endObject()
    send(message.bytes)
  }

  /// Answers `tools/call` with one block of text and, when given, a structured value.
  package func answer(
    _ request: MCPRequest, text: String, isError: Bool = false, structured: ((inout JSONWriter) -> Void)? = nil
  ) {
    answer(request) { result in
      result.key("content")
      result.beginArray()
      result.beginObject()
      result.member("type", "text")
      result.member("text", text)
      result.endObject()
      result.endArray()
      if let structured {
        result.key("structuredContent")
        structured(&result)
      }
      if isError { result.member("isError", true) }
    }
  }

  /// Answers with the failure: an error, or a tool's result with `isError`.
  package func fail(_ request: MCPRequest, _ failure: MCPFailure) {
    switch failure {
    case .tool(let text): answer(request, text: text, isError: true)
    case .rpc(let code, let message, let data): fail(request.id, code: code, message: message, data: data)
    }
  }

  /// Answers with an error; without an id when the request's own could not be read, for `null` is not an id.
  package func fail(_ id: RequestID?, code: Int, message: String, data: [UInt8]? = nil) {
    var answer = opening(id)
    answer.key("error")
    answer.beginObject()
    answer.member("code", code)
    answer.member("message", message)
    if let data {
      answer.key("data")
      answer.splice(text: data)
    }
    answer.endObject()
    answer.endObject()
    send(answer.bytes)
  }

  /// Sends a notification with the parameters that `body` writes.
  package func notify(_ method: String, _ body: (inout JSONWriter) -> Void = { _ in }) {
    var message = opening(nil)
    message.member("method", method)
    message.key("params")
    message.beginObject()
    body(&message)
    message.endObject()
    message.endObject()
    send(message.bytes)
  }

  /// Reports progress on a request that asked for it. `progress` must grow from one report to the next.
  package func report(_ request: MCPRequest, progress: Int, total: Int, message: String) {
    guard let token = request.progressToken else { return }
    notify("notifications/progress") { params in
      params.member("progressToken", token)
      params.member("progress", progress)
      params.member("total", total)
      params.member("message", message)
    }
  }

  /// Sends a request to the client, which only the legacy revisions allow.
  package func ask(id: String, method: String, params: [UInt8]) {
    var message = opening(.string(id))
    message.member("method", method)
    message.key("params")
    message.splice(text: params)
    message.endObject()
    send(message.bytes)
  }

  /// Writes `{"name":…,"version":…}` under `key`.
  package func serverInfo(into writer: inout JSONWriter, key: String) {
    writer.key(key)
    writer.beginObject()
    writer.member("name", name)
    writer.member("version", version)
    writer.endObject()
  }

  private func opening(_ id: RequestID?) -> JSONWriter {
    var message = JSONWriter()
    message.beginObject()
    message.member("jsonrpc", "2.0")
    if let id {
      message.member("id", id)
    }
    return message
  }
}
