import Protocol
import Testing

/// MCP over HTTP from outside: statuses and bodies, as mcp-checklist §1.5 and §2 have them.
@Suite("MCP over HTTP", .timeLimit(.minutes(5)))
struct MCPHTTPTests {
  private static let fake = DaemonConfig(servers: [.fake("fake", "--resources", "1", "--prompts", "1"), .demo("demo")])
  private static let list = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#

  private static func outcome(_ answer: SurfaceHTTPClient.Answer) -> String {
    "\(answer.status)" + (answer.error?.member("code")?.int.map { " \($0)" } ?? "")
  }

  @Test("a session from its beginning to its end", arguments: ["2025-03-26", "2025-06-18", "2025-11-25"])
  func session(revision: String) async throws {
    try await DaemonFixture.run(Self.fake) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      let opened = try client.open(revision)
      #expect(opened.status == 200 && opened.header("content-type") == "application/json")
      #expect(opened.json.member("result")?.member("protocolVersion")?.string == revision)
      let id = try #require(client.session)
      #expect(id.utf8.count >= 22 && id.utf8.allSatisfy { (0x21...0x7e).contains($0) })
      let tools = try client.post(Self.list)
      #expect(tools.json.member("result")?.member("tools")?.elements.count { _ in true } == 7)
      #expect(tools.header("mcp-session-id") == nil)
      let answer = try client.post(MCPHTTPClient.call(2, "fake.echo", #"{"a":1.0}"#))
      #expect(MCPHTTPClient.text(answer.json) == #"{"a":1.0}"#)
      #expect(Self.outcome(try client.post(#"{"jsonrpc":"2.0","id":3,"method":"nothing"}"#)) == "200 -32601")
      #expect(
        try client.post(#"{"jsonrpc":"2.0","id":4,"method":"ping"}"#).text == #"{"jsonrpc":"2.0","id":4,"result":{}}"#)
      #expect(
        Self.outcome(try client.post(#"{"jsonrpc":"2.0","id":5,"method":"initialize","params":{}}"#)) == "200 -32600")

      let rows = try #require(try daemon.status().member("daemon")?.member("clients"))
      let row = try #require(rows.elements.first { $0.member("kind")?.string == "http" })
      #expect(row.member("name")?.string == "raw" && row.member("protocol_era")?.string == "legacy")
      #expect(row.member("in_flight")?.int == 0 && row.member("exposure")?.string == "compact")

      #expect(try client.request("DELETE").status == 200)
      for answer in [try client.post(Self.list), try client.request("GET"), try client.request("DELETE")] {
        #expect(Self.outcome(answer) == "404 -32600")
      }
    }
  }

  @Test(
    "every message is what its revision allows",
    arguments: ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"],
    ["/mcp", "/mcp?exposure=full", "/mcp/fake?exposure=direct"])
  func schemas(revision: String, path: String) async throws {
    try await DaemonFixture.run(Self.fake) { daemon in
      try daemon.wait(for: "fake")
      try daemon.wait(for: "demo")
      let client = try MCPHTTPClient(daemon, path: path)
      let isModern = revision == "2026-07-28"
      var messages: [MCPClient.Received] = []
      func note(_ method: String?, _ message: JSONSlice) {
        messages.append(MCPClient.Received(message: message, revision: revision, method: method))
      }
      func ask(_ method: String, _ parameters: String = "", name: String? = nil) throws {
        let legacy = #"{"jsonrpc":"2.0","id":3,"method":"\#(method)","params":{\#(parameters)}}"#
        let (body, headers) =
          isModern ? MCPHTTPClient.modern(3, method, parameters, name: name) : (legacy, [])
        let answer = try client.post(body, headers)
        let isStream = answer.header("content-type") == "text/event-stream"
        note(method, isStream ? try #require(try client.message()) : answer.json)
      }
      if isModern { try ask("server/discover") } else { note("initialize", try client.open(revision).json) }
      for method in ["tools/list", "resources/list", "resources/templates/list", "prompts/list"] { try ask(method) }
      let tool = path == "/mcp" ? "capability_call" : path.contains("full") ? "fake__echo" : "echo"
      let arguments = path == "/mcp" ? #"{"capability_id":"fake.echo","args":{"a":1}}"# : #"{"a":1}"#
      try ask("tools/call", #""name":"\#(tool)","arguments":\#(arguments)"#, name: tool)
      try ask("tools/call", #""name":"nosuch""#, name: "nosuch")
      try ask("nothing")
      note(nil, try client.post("{").json)
      if isModern {
        try ask("subscriptions/listen", #""notifications":{"promptsListChanged":true}"#)
        messages[messages.count - 1] = MCPClient.Received(
          message: messages[messages.count - 1].message, revision: revision, method: nil)
      }
      try MCPSchemas.check(messages, sourceLocation: #_sourceLocation)
    }
  }

  @Test("each row of the tables of statuses")
  func statuses() async throws {
    try await DaemonFixture.run(Self.fake) { daemon in
      let client = try MCPHTTPClient(daemon)
      func expect(
        _ outcome: String, _ body: String, _ headers: [String] = [], _ place: SourceLocation = #_sourceLocation
      ) throws {
        let answer = try client.post(body, headers)
        #expect(Self.outcome(answer) == outcome, "\(answer.head)\(answer.text)", sourceLocation: place)
        if answer.status >= 400 { #expect(answer.json.member("jsonrpc")?.string == "2.0", sourceLocation: place) }
      }
      // No session.
      try expect("400 -32600", Self.list)
      try expect("404 -32600", Self.list, ["Mcp-Session-Id: 0123456789abcdef0123456789abcdef"])
      try expect("404 -32600", Self.list, ["Mcp-Session-Id: x", "MCP-Protocol-Version: 2025-11-25"])
      #expect(try client.request("GET").status == 400)
      #expect(try client.request("DELETE").status == 400)
      // Form.
      try expect("415 -32600", Self.list, ["Content-Type: text/plain"])
      try expect("406 -32600", Self.list, ["Accept: text/html"])
      try expect("400 -32700", "{")
      try expect("400 -32600", "[]")
      // Host and Origin.
      try expect("403 -32600", Self.list, ["Origin: https://evil.example"])
      try expect("403 -32600", Self.list, ["Origin: null"])
      try expect("403 -32600", Self.list, ["Host: evil.example", "Origin: http://evil.example"])
      // Modern.
      let (body, headers) = MCPHTTPClient.modern(7, "tools/list")
      try expect("200", body, headers)
      try expect("200", body, headers + ["Mcp-Session-Id: whatever", "Last-Event-ID: 1"])
      try expect("400 -32020", body, Array(headers.prefix(1)))
      try expect("400 -32020", body, headers + ["Mcp-Method: tools/list"])
      try expect("400 -32020", body, [])
      try expect("400 -32600", "[\(body)]", headers)
      try expect("400 -32600", #"{"jsonrpc":"2.0","id":1,"result":{}}"#, headers)
      let (unknown, its) = MCPHTTPClient.modern(8, "nothing")
      try expect("404 -32601", unknown, its)
      for method in ["initialize", "ping", "logging/setLevel", "resources/subscribe"] {
        let (body, headers) = MCPHTTPClient.modern(9, method)
        try expect("404 -32601", body, headers)
      }
      let (call, callHeaders) = MCPHTTPClient.modern(
        10, "tools/call", #""name":"nosuch","arguments":{}"#, name: "nosuch")
      try expect("400 -32602", call, callHeaders)
      try expect("400 -32020", call, callHeaders.dropLast() + ["Mcp-Name: Nosuch"])
      let (read, readHeaders) = MCPHTTPClient.modern(11, "resources/read", #""uri":"x://no""#, name: "x://no")
      let missing = try client.post(read, readHeaders)
      #expect(Self.outcome(missing) == "400 -32602")
      #expect(missing.error?.member("data")?.member("uri")?.string == "x://no")
      #expect(try client.post(#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#, headers).status == 202)
      for method in ["GET", "DELETE"] {
        try client.http.send(SurfaceHTTPClient.bytes(method, "/mcp", headers: [headers[0]]))
        let answer = try client.answer()
        #expect(answer.status == 405 && answer.header("allow") == "POST")
      }
      #expect(try client.request("PUT").status == 405)
      // Scopes.
      for (path, status) in [
        ("/mcp/demo", 200), ("/mcp/", 200), ("/mcp/nosuch", 404), ("/mcp/@nosuch", 404), ("/mcp/demo/x", 404),
        ("/mcp?exposure=full", 200), ("/mcp?exposure=x", 400), ("/sse", 404), ("/messages", 404), ("/mcp/%zz", 400),
      ] {
        let other = try MCPHTTPClient(daemon, path: path)
        #expect(try other.post(body, headers).status == status, "\(path)")
      }
    }
  }

  @Test("a session belongs to the path that it was opened at")
  func scopes() async throws {
    try await DaemonFixture.run(Self.fake) { daemon in
      let client = try MCPHTTPClient(daemon, path: "/mcp/demo")
      try client.open()
      #expect(try client.post(Self.list).status == 200)
      let other = try MCPHTTPClient(daemon)
      other.session = client.session
      #expect(Self.outcome(try other.post(Self.list)) == "404 -32600")
      #expect(Self.outcome(try other.request("GET")) == "404 -32600")
      #expect(Self.outcome(try other.request("DELETE")) == "404 -32600")
      #expect(try client.post(Self.list).status == 200)
    }
  }

  @Test("batches exist at 2025-03-26 alone")
  func batches() async throws {
    try await DaemonFixture.run(Self.fake) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open("2025-03-26")
      let answer = try client.post(
        "[\(MCPHTTPClient.call(1, "fake.sleep", #"{"ms":50}"#)),"
          + #"{"jsonrpc":"2.0","method":"notifications/x"},{"jsonrpc":"2.0","id":"1","method":"ping"}]"#)
      #expect(answer.status == 200)
      #expect(answer.json.elements.compactMap { $0.member("id")?.text } == [#""1""#, "1"])
      #expect(
        try client.post(#"[{"jsonrpc":"2.0","method":"notifications/x"},{"jsonrpc":"2.0","id":1,"result":{}}]"#).status
          == 202)
      for body in [
        "[]", "[7]", #"[{"jsonrpc":"2.0","id":2,"method":"initialize"}]"#,
        #"[{"jsonrpc":"2.0","id":2,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#,
      ] {
        #expect(Self.outcome(try client.post(body)) == "400 -32600", "\(body)")
      }
      let modern = MCPHTTPClient.modern(2, "tools/list").0
      #expect(Self.outcome(try client.post("[\(modern)]")) == "400 -32020")
      let newer = try MCPHTTPClient(daemon)
      try newer.open("2025-06-18")
      #expect(Self.outcome(try newer.post(#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#)) == "400 -32600")
    }
  }

  @Test("two requests with one id are told apart by their connections")
  func sameID() async throws {
    try await DaemonFixture.run(Self.fake) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      try client.begin(MCPHTTPClient.call(1, "fake.sleep", #"{"ms":600}"#))
      try daemon.waitForLog("tool call start")
      let second = try MCPHTTPClient(client, port: daemon.port)
      #expect(Self.outcome(try second.post(Self.list)) == "400 -32600")
      #expect(try client.answer().header("content-type") == "text/event-stream")
      #expect(MCPHTTPClient.text(try client.message()) == "slept 600 ms")
    }
  }

  @Test("listed origins get CORS for what MCP needs")
  func origins() async throws {
    var config = Self.fake
    config.members["allowedOrigins"] = #"["https://app.example"]"#
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPHTTPClient(daemon)
      let asked = ["Origin: https://app.example", "Access-Control-Request-Headers: Mcp-Param-Region, x-evil"]
      let preflight = try client.http.request("OPTIONS", "/mcp", headers: asked)
      #expect(preflight.status == 204)
      #expect(preflight.header("access-control-allow-origin") == "https://app.example")
      #expect(preflight.header("access-control-allow-methods") == "GET, POST, DELETE")
      let allowed = preflight.header("access-control-allow-headers") ?? ""
      for name in ["mcp-session-id", "mcp-protocol-version", "mcp-method", "last-event-id", "mcp-param-region"] {
        #expect(allowed.contains(name), "\(name)")
      }
      #expect(!allowed.contains("evil"))
      let answer = try client.post(Self.list, ["Origin: https://app.example"])
      #expect(answer.header("access-control-expose-headers")?.contains("mcp-session-id") == true)
    }
  }

  @Test("MCP over HTTP can be switched off, and have a port of its own")
  func ports() async throws {
    var config = Self.fake
    config.members["mcp"] = #"{"http":false}"#
    config.members["mcpHttpServer"] = #"{"port":0,"jsonResponse":true}"#
    try await DaemonFixture.run(config) { daemon in
      let (body, headers) = MCPHTTPClient.modern(1, "tools/list")
      #expect(try MCPHTTPClient(daemon).post(body, headers).status == 404)
      let port = try #require(try daemon.waitForLog("MCP over HTTP listening").member("port")?.int)
      for path in ["/mcp", "/", "/mcp/fake"] {
        #expect(try MCPHTTPClient(daemon, path: path, port: port).post(body, headers).status == 200, "\(path)")
      }
      #expect(try MCPHTTPClient(daemon, path: "/v1/tools/call", port: port).post("{}").status == 404)
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon, port: port)
      try client.open()
      let answer = try client.post(MCPHTTPClient.call(1, "fake.sleep", #"{"ms":500}"#))
      #expect(answer.header("content-type") == "application/json")
      #expect(MCPHTTPClient.text(answer.json) == "slept 500 ms")
    }
  }

  @Test("mcp-http-server is a daemon with such a port")
  func command() async throws {
    let config = DaemonConfig(
      servers: [.fake("fake"), .demo("demo")], members: ["profiles": #"{"one":{"servers":["demo"]}}"#])
    try await DaemonFixture.run(config, isStarted: false) { daemon in
      try daemon.start(as: ["mcp-http-server", "-p", "0", "--profile", "one"])
      let port = try #require(try daemon.waitForLog("MCP over HTTP listening").member("port")?.int)
      try daemon.wait(for: "demo")
      let (body, headers) = MCPHTTPClient.modern(
        1, "tools/call", #""name":"capabilities_list","arguments":{}"#, name: "capabilities_list")
      let answer = try MCPHTTPClient(daemon, path: "/", port: port).post(body, headers)
      #expect(answer.text.contains("demo.add") && !answer.text.contains("fake."))
    }
  }
}

extension JSONSlice {
  /// As it is written.
  fileprivate var text: String { String(decoding: bytes, as: UTF8.self) }
}
