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

  /// The params on the control socket. `profile`: what may be seen, nil = everything. `askedAt`: when an earlier daemon was
  /// asked the same, in nanoseconds of the monotonic clock.
  func writeParams(to writer: inout JSONWriter, profile: String?, askedAt: Int64?) {
    writer.beginObject()
    switch self {
    case .listCapabilities(let wait), .listResources(let wait), .listPrompts(let wait):
      if let wait { writer.member("wait", wait) }
    case .describeCapability(let id), .cancelOperation(let id): writer.member("id", id)
    case .callTool(let body), .readResource(let body), .getPrompt(let body):
      for (key, value) in body.members {
        writer.key(splicing: key)
        writer.splice(value)
      }
    }
    if profile != nil || askedAt != nil {
      writer.key("_meta")
      writer.beginObject()
      if let profile { writer.member("profile", profile) }
      if let askedAt { writer.member("askedAt", askedAt) }
      writer.endObject()
    }
    writer.endObject()
  }

  /// The request over HTTP. `profile`: what may be seen, nil = everything.
  func request(profile: String?) -> HTTPRequest {
    var request = plainRequest
    if let profile {
      request.target += "\(request.target.contains("?") ? "&" : "?")profile=\(PercentEncoding.encode(profile))"
    }
    return request
  }

  private var plainRequest: HTTPRequest {
    switch self {
    case .listCapabilities(let wait): Self.list("capabilities", wait)
    case .listResources(let wait): Self.list("resources", wait)
    case .listPrompts(let wait): Self.list("prompts", wait)
    case .describeCapability(let id):
      HTTPRequest(method: "GET", target: "/v1/capabilities/\(PercentEncoding.encode(id))")
    case .callTool(let body): Self.post("tools/call", body)
    case .readResource(let body): Self.post("resources/read", body)
    case .getPrompt(let body): Self.post("prompts/get", body)
    case .cancelOperation(let id):
      HTTPRequest(method: "POST", target: "/v1/operations/\(PercentEncoding.encode(id))/cancel", body: [])
    }
  }

  private static func list(_ name: String, _ wait: Int?) -> HTTPRequest {
    HTTPRequest(method: "GET", target: "/v1/\(name)\(wait.map { "?wait=\($0)" } ?? "")")
  }

  private static func post(_ path: String, _ body: JSONSlice) -> HTTPRequest {
    HTTPRequest(method: "POST", target: "/v1/\(path)", body: Array(body.bytes))
  }
}
