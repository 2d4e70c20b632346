import Front
import Protocol
import Testing

@Suite("V1Route")
struct HTTPRouteTests {
  @Test(
    "finds the route of a path",
    arguments: [
      (HTTPMethod.get, "/v1/capabilities", V1Route.listCapabilities(wait: nil)),
      (.head, "/v1/capabilities", .listCapabilities(wait: nil)),
      (.get, "/v1/capabilities?x=1&wait=250&wait=9", .listCapabilities(wait: 250)),
      (.get, "/v1/capabilities?wait=abc", .listCapabilities(wait: nil)),
      (.get, "/v1/capabilities?wait=-1", .listCapabilities(wait: nil)),
      (.get, "/v1/capabilities?wait=", .listCapabilities(wait: nil)),
      (.get, "/v1/capabilities?wait=99999999999999999999", .listCapabilities(wait: nil)),
      (.get, "/v1/resources?wait=0", .listResources(wait: 0)),
      (.get, "/v1/prompts", .listPrompts(wait: nil)),
      (.post, "/v1/tools/call", .callTool),
      (.post, "/v1/tools/call?ignored", .callTool),
      (.post, "/v1/resources/read", .readResource),
      (.post, "/v1/prompts/get", .getPrompt),
      (.get, "/v1/capabilities/docs.search", .describeCapability("docs.search")),
      (.head, "/v1/capabilities/docs.search", .describeCapability("docs.search")),
      (.get, "/v1/capabilities/a%2Fb", .describeCapability("a/b")),
      (.get, "/v1/capabilities/a%252Fb", .describeCapability("a%2Fb")),
      (.get, "/v1/capabilities/%C3%A9%e2%82%ac", .describeCapability("é€")),
      (.get, "/v1/capabilities/a%3Fb?c", .describeCapability("a?b")),
      (.get, "/v1/capabilities/a+b", .describeCapability("a+b")),
      (.get, "/v1/capabilities/%2E%2E", .describeCapability("..")),
      (.get, "/v1/capabilities/é", .describeCapability("é")),
      (.post, "/v1/operations/r-1/cancel", .cancelOperation("r-1")),
      (.post, "/v1/operations/a%2Fcancel/cancel?x", .cancelOperation("a/cancel")),
      (.post, "/v1/operations/cancel/cancel", .cancelOperation("cancel")),
      (.get, "/v1/idempotency/records", .listRecords),
      (.head, "/v1/idempotency/records?limit=1", .listRecords),
    ])
  func found(method: HTTPMethod, target: String, route: V1Route) throws {
    #expect(try V1Route.parse(RequestHead(method: method, target: target)) == route)
  }

  @Test(
    "refuses what is not a route",
    arguments: [
      (HTTPMethod.get, "/", 404, "unknown_route", nil),
      (.get, "", 404, "unknown_route", nil),
      (.get, "/v1", 404, "unknown_route", nil),
      (.get, "/v1/", 404, "unknown_route", nil),
      (.get, "/v1/capabilities/", 404, "unknown_route", nil),
      (.get, "/v1/capabilities/a/", 404, "unknown_route", nil),
      (.get, "/v1/capabilities/a/b", 404, "unknown_route", nil),
      (.get, "//v1/capabilities", 404, "unknown_route", nil),
      (.get, "/v1/%63apabilities", 404, "unknown_route", nil),
      (.get, "/V1/capabilities", 404, "unknown_route", nil),
      (.post, "/v1/tools/call/", 404, "unknown_route", nil),
      (.options, "*", 404, "unknown_route", nil),
      (.post, "/v1/operations//cancel", 404, "unknown_route", nil),
      (.post, "/v1/operations/cancel", 404, "unknown_route", nil),
      (.post, "/v1/operations/a/b/cancel", 404, "unknown_route", nil),
      (.post, "/v1/operations/a/cancel/", 404, "unknown_route", nil),
      (.post, "/v1/operations/a/stop", 404, "unknown_route", nil),
      (.get, "/v1/operations/a/cancel", 405, "method_not_allowed", "POST"),
      (.post, "/v1/operations/%ff/cancel", 400, "invalid_field", nil),
      (.post, "/v1/idempotency/records", 405, "method_not_allowed", "GET, HEAD"),
      (.post, "/v1/capabilities", 405, "method_not_allowed", "GET, HEAD"),
      (.options, "/v1/prompts", 405, "method_not_allowed", "GET, HEAD"),
      (.other("get"), "/v1/prompts", 405, "method_not_allowed", "GET, HEAD"),
      (.delete, "/v1/capabilities/a", 405, "method_not_allowed", "GET, HEAD"),
      (.delete, "/v1/capabilities/%zz", 405, "method_not_allowed", "GET, HEAD"),
      (.get, "/v1/tools/call", 405, "method_not_allowed", "POST"),
      (.head, "/v1/prompts/get", 405, "method_not_allowed", "POST"),
      (.get, "/v1/capabilities/%", 400, "invalid_field", nil),
      (.get, "/v1/capabilities/%4", 400, "invalid_field", nil),
      (.get, "/v1/capabilities/%4g", 400, "invalid_field", nil),
      (.get, "/v1/capabilities/a%+1", 400, "invalid_field", nil),
      (.get, "/v1/capabilities/%ff", 400, "invalid_field", nil),
      (.get, "/v1/capabilities/%C0%AF", 400, "invalid_field", nil),
      (.get, "/v1/capabilities/%ED%A0%80", 400, "invalid_field", nil),
    ] as [(HTTPMethod, String, Int, String, String?)])
  func refused(method: HTTPMethod, target: String, status: Int, reason: String, allow: String?) {
    let failure = #expect(throws: OperationFailure.self) {
      try V1Route.parse(RequestHead(method: method, target: target))
    }
    #expect(failure?.status == status)
    #expect(failure?.reason == reason)
    #expect(failure?.allow == allow)
    #expect(failure?.code == .invalidArgs)
  }
}
