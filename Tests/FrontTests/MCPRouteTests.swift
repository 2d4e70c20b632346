import Protocol
import Testing

@testable import Front

@Suite("MCPRoute")
struct MCPRouteTests {
  private static func parse(_ target: String, atRoot: Bool = false) throws(OperationFailure) -> MCPRoute? {
    try MCPRoute.parse(RequestHead(method: .post, target: target), atRoot: atRoot)
  }

  @Test(
    "finds endpoint, scope and exposure",
    arguments: [
      ("/mcp", MCPRoute(endpoint: .streamable)), ("/mcp/", MCPRoute(endpoint: .streamable)),
      ("/mcp?", MCPRoute(endpoint: .streamable)),
      ("/mcp?exposure=full", MCPRoute(endpoint: .streamable, exposure: "full")),
      ("/mcp?a=b&exposure=&exposure=full", MCPRoute(endpoint: .streamable, exposure: "")),
      ("/mcp/docs", MCPRoute(endpoint: .streamable, scope: .server("docs"))),
      ("/mcp/docs/?exposure=direct", MCPRoute(endpoint: .streamable, scope: .server("docs"), exposure: "direct")),
      ("/mcp/a%2Fb", MCPRoute(endpoint: .streamable, scope: .server("a/b"))),
      ("/mcp/a%20%C3%BC", MCPRoute(endpoint: .streamable, scope: .server("a ü"))),
      ("/mcp/%40work", MCPRoute(endpoint: .streamable, scope: .server("@work"))),
      ("/mcp/@work", MCPRoute(endpoint: .streamable, scope: .profile("work"))),
      ("/mcp/@%40", MCPRoute(endpoint: .streamable, scope: .profile("@"))),
      ("/sse", MCPRoute(endpoint: .events)), ("/sse/docs", MCPRoute(endpoint: .events, scope: .server("docs"))),
      ("/messages?session_id=abc", MCPRoute(endpoint: .messages(session: "abc"))),
      ("/messages/?session_id=abc", MCPRoute(endpoint: .messages(session: "abc"))),
      ("/messages", MCPRoute(endpoint: .messages(session: nil))),
    ])
  func known(target: String, route: MCPRoute) throws { #expect(try Self.parse(target) == route) }

  @Test(
    "leaves other paths alone",
    arguments: [
      "/", "", "/mcpx", "/MCP", "mcp", "//mcp", "/v1/capabilities", "/v1/mcp", "/v1/capabilities?exposure=%zz",
    ])
  func other(target: String) throws { #expect(try Self.parse(target) == nil) }

  @Test(
    "refuses what is below no scope",
    arguments: ["/mcp//", "/mcp/a/b", "/mcp//a", "/mcp/@", "/messages/docs", "/sse/a/b", "/mcp/a//"])
  func unknown(target: String) {
    let failure = #expect(throws: OperationFailure.self) { try Self.parse(target) }
    #expect(failure?.status == 404 && failure?.reason == "unknown_route")
  }

  @Test("refuses what cannot be decoded", arguments: ["/mcp/%", "/mcp/%F", "/mcp/%FF", "/mcp/@%zz", "/mcp?exposure=%"])
  func undecodable(target: String) {
    let failure = #expect(throws: OperationFailure.self) { try Self.parse(target) }
    #expect(failure?.status == 400 && failure?.reason == "invalid_field")
  }

  @Test("has the root on a port of its own")
  func root() throws {
    #expect(try Self.parse("/?exposure=full", atRoot: true) == MCPRoute(endpoint: .streamable, exposure: "full"))
    #expect(try Self.parse("/mcp", atRoot: true) == MCPRoute(endpoint: .streamable))
    #expect(try Self.parse("/docs", atRoot: true) == nil)
  }
}
