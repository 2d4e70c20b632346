import Protocol
import Testing

/// Scopes of MCP over HTTP: paths, `?profile=`, `X-Warmplane-Profile`, `?exposure=`.
@Suite("scopes of MCP over HTTP", .timeLimit(.minutes(5)))
struct ScopeHTTPTests {
  private static let config = DaemonConfig(
    servers: [.fake("one"), .demo("two")],
    members: [
      "mcp": #"{"sse": true}"#,
      "profiles": """
      {"work": {"servers": ["one"], "exposure": "full"}, "both": {"servers": ["one", "two"]},
       "plain": {"servers": ["two"], "exposure": "direct"}}
      """,
    ])

  /// Path, headers, and what the list of tools has and has not.
  private static let places: [(String, [String], String, String)] = [
    ("/mcp/@work", [], "one__echo", "two"), ("/mcp?profile=work", [], "one__echo", "two"),
    ("/mcp", ["X-Warmplane-Profile: work"], "one__echo", "two"), ("/mcp/@work?profile=work", [], "one__echo", "two"),
    ("/mcp/@plain", [], #""add""#, "echo__"), ("/mcp/@work?exposure=direct", [], #""echo""#, "one__"),
    ("/mcp/two?exposure=full", [], "two__add", "one__"), ("/mcp/@both?exposure=full", [], "two__add", "capability_"),
    ("/mcp", [], "capability_call", "one__"),
  ]

  @Test("a path, a query or a header say what a client sees")
  func places() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      for server in ["one", "two"] { try daemon.wait(for: server) }
      for (path, headers, has, hasNot) in Self.places {
        let (body, own) = MCPHTTPClient.modern(1, "tools/list")
        let answer = try MCPHTTPClient(daemon, path: path).post(body, own + headers)
        #expect(answer.status == 200 && answer.text.contains(has), "\(path): \(answer.text.prefix(300))")
        #expect(!answer.text.contains(#""name":"\#(hasNot)"#), "\(path)")
        let session = try MCPHTTPClient(daemon, path: path)
        guard headers.isEmpty else { continue }
        try session.open()
        let listed = try session.post(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        #expect(listed.status == 200 && listed.text.contains(has), "\(path): \(listed.text.prefix(300))")
      }
      // 2024-11-05 has the same scopes.
      let events = try MCPHTTPClient(daemon, path: "/sse/@work")
      #expect(try events.request("GET", ["Accept: text/event-stream"]).status == 200)
      #expect(try events.event()?.name == "endpoint")
      #expect(try MCPHTTPClient(daemon, path: "/sse/@nix").request("GET", ["Accept: text/event-stream"]).status == 404)
    }
  }

  /// Path, headers, status, and a part of the message.
  private static let refusals: [(String, [String], Int, String)] = [
    ("/mcp/@wrok", [], 404, #"Did you mean "work"?"#), ("/mcp/tow", [], 404, "warmplane reload"),
    ("/mcp?profile=nix", [], 404, #"Profile "nix""#), ("/mcp?profile=work&profile=both", [], 400, "more than one"),
    ("/mcp/@work?profile=both", [], 400, "already"), ("/mcp/one", ["X-Warmplane-Profile: work"], 400, "already"),
    ("/mcp?exposure=direct", [], 400, "direct shows one server"),
    ("/mcp/@both?exposure=direct", [], 400, "direct shows one server"),
    ("/mcp?exposure=total", [], 400, "must be one of"), ("/mcp", ["Accept: text/html"], 406, "Not Acceptable"),
    ("/mcp", ["Content-Type: text/plain"], 415, "Content-Type"),
    ("/mcp", ["Origin: https://evil.example"], 403, "Origin"),
    ("/mcp", ["Mcp-Session-Id: nix"], 404, "Session not found"),
  ]

  @Test("a refusal answers the request that it is about")
  func refusals() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let body = #"{"jsonrpc":"2.0","id":"a 1","method":"tools/list"}"#
      for (path, headers, status, text) in Self.refusals {
        let answer = try MCPHTTPClient(daemon, path: path).post(body, headers)
        #expect(answer.status == status && answer.message?.contains(text) == true, "\(path): \(answer.text)")
        #expect(answer.json.member("id")?.string == "a 1", "\(path): \(answer.text)")
      }
      for text in [#"{"jsonrpc":"2.0","method":"x"}"#, #"{"jsonrpc":"2.0","id":1,"result":{}}"#, "[", "[]"] {
        let answer = try MCPHTTPClient(daemon, path: "/mcp/@nix").post(text)
        #expect(answer.status == 404 && answer.json.member("id")?.int == nil, "\(text): \(answer.text)")
      }
    }
  }
}
