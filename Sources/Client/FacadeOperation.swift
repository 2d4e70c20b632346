package import Protocol

/// A request of a facade command, in both of the forms in which it can be sent.
package enum FacadeOperation: Sendable {
  /// `wait`: milliseconds that the daemon may wait for servers in their first start; nil = its own default.
  case listCapabilities(wait: Int?)
  case describeCapability(id: String)
  /// `body`: the JSON object that is the body of the POST and the params of the request, as it is.
  case callTool(body: JSONSlice)

  /// The method on the control socket.
  var method: String {
    switch self {
    case .listCapabilities: "capabilities/list"
    case .describeCapability: "capabilities/describe"
    case .callTool: "tools/call"
    }
  }

  /// The params on the control socket.
  func writeParams(to writer: inout JSONWriter) {
    switch self {
    case .listCapabilities(let wait):
      writer.beginObject()
      if let wait { writer.member("wait", wait) }
      writer.endObject()
    case .describeCapability(let id):
      writer.beginObject()
      writer.member("id", id)
      writer.endObject()
    case .callTool(let body):
      writer.splice(body)
    }
  }

  /// The request over HTTP.
  var request: HTTPRequest {
    switch self {
    case .listCapabilities(let wait):
      HTTPRequest(method: "GET", target: "/v1/capabilities\(wait.map { "?wait=\($0)" } ?? "")")
    case .describeCapability(let id):
      HTTPRequest(method: "GET", target: "/v1/capabilities/\(PercentEncoding.segment(id))")
    case .callTool(let body):
      HTTPRequest(method: "POST", target: "/v1/tools/call", body: Array(body.bytes))
    }
  }
}
