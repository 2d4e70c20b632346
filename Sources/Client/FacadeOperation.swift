package import Protocol

/// A request of a facade command, in both of the forms in which it can be sent.
package enum FacadeOperation: Sendable {
  /// `wait`: milliseconds that the daemon may wait for servers in their first start; nil = its own default.
  case listCapabilities(wait: Int?)
  case describeCapability(id: String)
  /// `body`: the JSON object that is the body of the POST and the params of the request, as it is.
  case callTool(body: JSONSlice)
  /// `wait` as for capabilities.
  case listResources(wait: Int?)
  /// `body` as for tools.
  case readResource(body: JSONSlice)
  /// `wait` as for capabilities.
  case listPrompts(wait: Int?)
  /// `body` as for tools.
  case getPrompt(body: JSONSlice)
  case cancelOperation(requestID: String)

  /// The method on the control socket.
  var method: String {
    switch self {
    case .listCapabilities: "capabilities/list"
    case .describeCapability: "capabilities/describe"
    case .callTool: "tools/call"
    case .listResources: "resources/list"
    case .readResource: "resources/read"
    case .listPrompts: "prompts/list"
    case .getPrompt: "prompts/get"
    case .cancelOperation: "operations/cancel"
    }
  }

  /// The params on the control socket. `askedAt`: when an earlier daemon was asked the same, in nanoseconds of the
  /// monotonic clock.
  func writeParams(to writer: inout JSONWriter, askedAt: Int64?) {
    switch self {
    case .listCapabilities(let wait), .listResources(let wait), .listPrompts(let wait):
      writer.beginObject()
      if let wait { writer.member("wait", wait) }
      writer.endObject()
    case .describeCapability(let id), .cancelOperation(let id):
      writer.beginObject()
      writer.member("id", id)
      writer.endObject()
    case .callTool(let body), .readResource(let body), .getPrompt(let body):
      guard let askedAt else { return writer.splice(body) }
      writer.beginObject()
      for (key, value) in body.members {
        writer.key(splicing: key)
        writer.splice(value)
      }
      writer.key("_meta")
      writer.beginObject()
      writer.member("askedAt", askedAt)
      writer.endObject()
      writer.endObject()
    }
  }

  /// The request over HTTP.
  var request: HTTPRequest {
    switch self {
    case .listCapabilities(let wait): Self.list("capabilities", wait)
    case .listResources(let wait): Self.list("resources", wait)
    case .listPrompts(let wait): Self.list("prompts", wait)
    case .describeCapability(let id):
      HTTPRequest(method: "GET", target: "/v1/capabilities/\(PercentEncoding.segment(id))")
    case .callTool(let body): Self.post("tools/call", body)
    case .readResource(let body): Self.post("resources/read", body)
    case .getPrompt(let body): Self.post("prompts/get", body)
    case .cancelOperation(let id):
      HTTPRequest(method: "POST", target: "/v1/operations/\(PercentEncoding.segment(id))/cancel", body: [])
    }
  }

  private static func list(_ name: String, _ wait: Int?) -> HTTPRequest {
    HTTPRequest(method: "GET", target: "/v1/\(name)\(wait.map { "?wait=\($0)" } ?? "")")
  }

  private static func post(_ path: String, _ body: JSONSlice) -> HTTPRequest {
    HTTPRequest(method: "POST", target: "/v1/\(path)", body: Array(body.bytes))
  }
}
