import Protocol
import Testing

@Suite("MCP: the seven tools and MCP's own methods", .timeLimit(.minutes(5)))
struct MCPFacadeTests {
  private static func text(_ value: JSONSlice?) -> String {
    value.map { String(decoding: $0.compacted(), as: UTF8.self) } ?? "nothing"
  }

  @Test("payloads are equal to the bodies of /v1, as text and as structured content")
  func payloads() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--resources", "2", "--prompts", "1"), .demo("demo")])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      func compare(_ tool: String, _ arguments: String, _ path: String, status: Int = 200) throws {
        let answer = try client.call(tool, arguments)
        let expected = try daemon.http().get(path)
        #expect(expected.status == status)
        #expect(Self.text(answer.body) == expected.text)
        #expect(answer.text == expected.text)
        #expect(answer.isError == (status != 200))
      }
      try compare("capabilities_list", "{}", "/v1/capabilities")
      try compare("capability_describe", #"{"id":"fake.echo"}"#, "/v1/capabilities/fake.echo")
      try compare("resources_list", #"{"ignored":1}"#, "/v1/resources")
      try compare("prompts_list", "{}", "/v1/prompts")

      func compareEnvelopes(_ answer: MCPClient.Received, _ expected: SurfaceHTTPClient.Answer) {
        for member in ["ok", "request_id", "data", "error"] {
          #expect(Self.text(answer.body?.member(member)) == Self.text(expected.json.member(member)))
        }
        #expect(answer.text == Self.text(answer.body))
        #expect(answer.body?.member("trace_id")?.string?.utf8.count == 32)
      }
      // Numbers, escapes and the order of members are the client's.
      let arguments = #"{"z":1.0,"a":123456789012345678901234567890,"é":"\u00e9\/\ud83d\ude00","n":{"b":[],"a":{}}}"#
      let echo = try client.call(
        "capability_call", #"{"request_id":"r 1","capability_id":"fake.echo","args":\#(arguments)}"#)
      compareEnvelopes(echo, try daemon.call("fake.echo", arguments, requestID: #""r 1""#))
      #expect(Self.text(echo.body?.member("data")?.member("structuredContent")) == arguments)
      #expect(echo.isError == false)
      let failed = try client.callCapability("fake.tool_error")
      compareEnvelopes(failed, try daemon.call("fake.tool_error"))
      #expect(failed.isError == true)
      #expect(failed.body?.member("ok")?.bool == true)
      let unknown = try client.callCapability("fake.nix")
      compareEnvelopes(unknown, try daemon.call("fake.nix"))
      #expect(unknown.isError == true)
      let read = try client.call("resource_read", #"{"resource_id":"fake.fake://resource/1"}"#)
      compareEnvelopes(
        read, try daemon.http().post("/v1/resources/read", #"{"resource_id":"fake.fake://resource/1"}"#))
      let got = try client.call("prompt_get", #"{"prompt_id":"fake.prompt_1","arguments":{"topic":"x"}}"#)
      compareEnvelopes(
        got, try daemon.http().post("/v1/prompts/get", #"{"prompt_id":"fake.prompt_1","arguments":{"topic":"x"}}"#))
      try client.finish()
    }
  }

  @Test("an argument that is missing or of a wrong type is named, in an envelope")
  func invalidFields() async throws {
    try await DaemonFixture.run(DaemonConfig()) { daemon in
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      let cases = [
        ("capabilities_list", #"{"server":1}"#, "server"), ("capabilities_list", #"{"query":[]}"#, "query"),
        ("capabilities_list", #"{"limit":"5"}"#, "limit"), ("capabilities_list", #"{"limit":1.5}"#, "limit"),
        ("capabilities_list", "[]", "arguments"), ("capability_describe", "{}", "id"),
        ("capability_describe", #"{"id":1}"#, "id"), ("capability_call", "{}", "capability_id"),
        ("capability_call", #"{"capability_id":"a.b"}"#, "args"),
        ("capability_call", #"{"capability_id":"a.b","args":"{}"}"#, "args"),
        ("resource_read", "{}", "resource_id"), ("prompt_get", #"{"prompt_id":null}"#, "prompt_id"),
      ]
      for (tool, arguments, field) in cases {
        let answer = try client.call(tool, arguments)
        let error = answer.body?.member("error")
        #expect(answer.isError == true)
        #expect(error?.member("code")?.string == "INVALID_ARGS", "\(tool) \(arguments)")
        #expect(error?.member("reason")?.string == "invalid_field", "\(tool) \(arguments)")
        #expect(error?.member("message")?.string?.contains(field) == true, "\(tool) \(arguments)")
      }
      try client.finish()
    }
  }

  @Test(
    "capabilities_list narrows down",
    arguments: [
      (#"{"server":"DEMO"}"#, ["demo.add", "demo.echo"], ["demo"]),
      (#"{"server":"dem"}"#, [], []),
      (#"{"query":"ECHO"}"#, ["demo.echo", "fake.echo"], ["demo", "fake"]),
      (#"{"query":"demo.a"}"#, ["demo.add"], ["demo", "fake"]),
      (#"{"query":"echo","limit":1}"#, ["demo.echo"], ["demo", "fake"]),
      (#"{"query":"echo","limit":0}"#, ["demo.echo"], ["demo", "fake"]),
      (#"{"query":"echo","limit":5.0}"#, ["demo.echo", "fake.echo"], ["demo", "fake"]),
      (#"{"query":"no such thing","server":null}"#, [], ["demo", "fake"]),
    ])
  func filters(arguments: String, ids: [String], servers: [String]) async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake"), .demo("demo")])) { daemon in
      let client = try MCPClient(daemon)
      try client.open("2026-07-28")
      let body = try client.call("capabilities_list", arguments).body
      let found = body?.member("capabilities")?.elements.compactMap { $0.member("id")?.string } ?? []
      #expect(found.filter { $0.hasSuffix("echo") || $0.hasSuffix("add") } == ids)
      #expect(body?.member("server_readiness")?.elements.compactMap { $0.member("server")?.string } == servers)
      try client.finish()
    }
  }

  @Test("two servers with the same URI or prompt name are told apart, by the order of the configuration")
  func collisions() async throws {
    let config = DaemonConfig(
      servers: [
        .fake("b.2", "--resources", "1", "--prompts", "2"), .fake("a 1", "--resources", "2", "--prompts", "2"),
      ],
      members: ["promptAliases": #"{"a 1.prompt_2": "writer"}"#])
    try await DaemonFixture.run(config) { daemon in
      // The order is that of the file; the fixture's sorted members do not touch it.
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      let resources = try client.request("resources/list").result?.member("resources")?.elements
        .compactMap { $0.member("uri")?.string }
      #expect(resources == ["warmplane://a%201/fake%3A%2F%2Fresource%2F1", "fake://resource/2", "fake://resource/1"])
      let prompts = try client.request("prompts/list").result?.member("prompts")?.elements
        .compactMap { $0.member("name")?.string }
      #expect(prompts == ["a 1.prompt_1", "prompt_1", "prompt_2", "writer"])
      for uri in (resources ?? []) + ["a 1.fake://resource/1", "b.2.fake://resource/1"] {
        let text = try client.request("resources/read", #"{"uri":"\#(uri)"}"#).result?.member("contents")
        #expect(Self.text(text).contains("the text of fake://resource/"), "\(uri)")
      }
      for name in (prompts ?? []) + ["b.2.prompt_1"] {
        let answer = try client.request("prompts/get", #"{"name":"\#(name)","arguments":{"topic":"t"}}"#)
        #expect(Self.text(answer.result).contains("Write about t."), "\(name)")
      }
      #expect(try client.request("prompts/get", #"{"name":"a 1.prompt_2"}"#).code == -32602)
      try client.finish()
    }
  }

  @Test("policy and failures of MCP's own methods", arguments: ["2025-06-18", "2026-07-28"])
  func refusals(revision: String) async throws {
    let config = DaemonConfig(
      servers: [
        .fake("fake", "--resources", "2", "--prompts", "2"),
        .fake("gone", "--exit-at-start", "3"),
      ],
      members: ["policy": #"{"deny": ["fake.fake://resource/2", "fake.prompt_2", "secret.*"]}"#])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon)
      try client.open(revision)
      let resources = try client.request("resources/list").result?.member("resources").map { Array($0.elements) }
      #expect(resources?.compactMap { $0.member("uri")?.string } == ["fake://resource/1"])
      let prompts = try client.request("prompts/list").result?.member("prompts").map { Array($0.elements) }
      #expect(prompts?.compactMap { $0.member("name")?.string } == ["prompt_1"])
      for (method, params) in [
        ("resources/read", #"{"uri":"fake://resource/2"}"#), ("prompts/get", #"{"name":"prompt_2"}"#),
        ("resources/read", #"{"uri":"secret.x"}"#),
      ] {
        let denied = try client.request(method, params)
        #expect(denied.code == -32602)
        #expect(denied.data?.member("reason")?.string == "policy_denied")
      }
      let unknown = try client.request("resources/read", #"{"uri":"fake://resource/7"}"#)
      #expect(unknown.code == -32602)
      #expect(unknown.data?.member("uri")?.string == "fake://resource/7")
      let unreachable = try client.request("prompts/get", #"{"name":"gone.prompt"}"#)
      #expect(unreachable.code == -32603)
      #expect(unreachable.data?.member("code")?.string == "SERVER_UNREACHABLE")
      #expect(unreachable.data?.member("retryable")?.bool != nil)
      let upstream = try client.request("prompts/get", #"{"name":"prompt_1"}"#)
      #expect(upstream.code == -32603)
      #expect(upstream.data?.member("code")?.string == "UPSTREAM_ERROR")
      let described = try client.call("capability_describe", #"{"id":"secret.tool"}"#)
      #expect(described.isError == true)
      #expect(described.body?.member("error")?.member("reason")?.string == "policy_denied")
      try client.finish()
    }
  }

  @Test("a client's trace is continued and its surface logged")
  func trace() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      let id = "0af7651916cd43dd8448eb211c80319c"
      let answer = try client.request(
        "tools/call",
        #"{"name":"capability_call","arguments":{"capability_id":"fake.echo","args":{}},"#
          + #""_meta":{"traceparent":"00-\#(id)-00f067aa0ba902b7-01"}}"#)
      #expect(answer.body?.member("trace_id")?.string == id)
      let record = try daemon.waitForLog("tool call success") { $0.member("trace_id")?.string == id }
      #expect(record.member("surface")?.string == "mcp")
      try client.finish()
    }
  }

  @Test("ids keep their type, answers come in any order, duplicates are refused")
  func ids() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      try daemon.wait(for: "fake")
      func sleep(_ id: String, _ milliseconds: Int) throws {
        try client.start(
          "tools/call",
          #"{"name":"capability_call","arguments":{"capability_id":"fake.sleep","args":{"ms":\#(milliseconds)}}}"#,
          id: id)
      }
      try sleep("7", 600)
      try sleep(#""7""#, 5)
      #expect(Self.text(try client.next("first") { $0.result != nil }.message.member("id")) == #""7""#)
      try client.send(#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#)
      #expect(try client.next("a refusal") { $0.code == -32600 }.message.member("id")?.int == 7)
      #expect(try client.answer("7").isError == false)
      for id in ["0", "-9223372036854775808", #""""#, #""a\"\\é\n""#] {
        #expect(Self.text(try client.request("tools/list", id: id).message.member("id")) == id)
      }
      for id in ["null", "1.5", "true", "[]", "9223372036854775808"] {
        try client.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"tools/list"}"#)
        #expect(try client.refusal().code == -32600, "\(id)")
      }
      try client.finish()
    }
  }

  @Test("a cancelled request gets no answer, and the upstream is told", arguments: ["2025-03-26", "2026-07-28"])
  func cancel(revision: String) async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      let client = try MCPClient(daemon)
      try client.open(revision)
      try daemon.wait(for: "fake")
      let id = try client.start(
        "tools/call", #"{"name":"capability_call","arguments":{"capability_id":"fake.sleep","args":{"ms":30000}}}"#,
        id: #""long""#)
      try daemon.eventually("it runs") { try daemon.worker("fake").member("in_flight")?.int == 1 ? true : nil }
      try client.send(
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id),"reason":"enough"}}"#)
      try daemon.eventually("it is cancelled") {
        try daemon.worker("fake").member("in_flight")?.int == 0 ? true : nil
      }
      let cancelled = try daemon.call("fake.cancelled").content
      #expect(cancelled != "[]", "the upstream was told")
      // Ids of nobody, and of the past, are no error.
      for other in [#""nobody""#, id, "null", "{}"] {
        try client.send(
          #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(other)}}"#)
      }
      #expect(try client.request("tools/list").result != nil)
      #expect(client.received.allSatisfy { $0.message.member("id")?.string != "long" })
      try client.finish()
    }
  }

  @Test("a change of the exposed lists is told once, to whoever may be told")
  func changes() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--resources", "2", "--prompts", "1")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let (legacy, modern, silent) = (try MCPClient(daemon), try MCPClient(daemon), try MCPClient(daemon))
      try legacy.open("2025-06-18")
      try modern.open("2026-07-28")
      // No `notifications/initialized`: nothing may be said unasked.
      try silent.request("initialize", #"{"protocolVersion":"2025-06-18"}"#)
      let id = try modern.start(
        "subscriptions/listen",
        #"{"notifications":{"resourcesListChanged":true,"toolsListChanged":true,"promptsListChanged":false}}"#,
        id: #""listen-1""#)
      let acknowledged = try modern.notification("notifications/subscriptions/acknowledged")
      #expect(
        Self.text(acknowledged.message.member("params")?.member("notifications")) == #"{"resourcesListChanged":true}"#)
      func reload(_ members: [String: String]) throws {
        var changed = config
        changed.members = members
        try daemon.write(changed)
        #expect(try daemon.runWarmplane(["reload", "--config", daemon.configPath]).exit == .code(0))
      }
      // Timeouts change no list; one resource less is a change of resources only.
      try reload(["toolTimeoutMs": "9999"])
      try reload(["policy": #"{"deny":["fake.fake://resource/2"]}"#])
      try legacy.notification("notifications/resources/list_changed")
      let change = try modern.notification("notifications/resources/list_changed")
      let subscription = change.message.member("params")?.member("_meta")?.member(
        "io.modelcontextprotocol/subscriptionId")
      #expect(subscription?.string == "listen-1")
      try modern.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#)
      #expect(try modern.request("tools/list").result != nil)
      try reload(["policy": #"{"deny":["*"]}"#])
      try legacy.notification("notifications/resources/list_changed")
      try legacy.notification("notifications/prompts/list_changed")
      for client in [legacy, modern, silent] {
        try client.request("tools/list")
        try client.finish()
      }
      let told = { (client: MCPClient) in client.received.compactMap(\.notification).count }
      #expect(told(legacy) == 3)
      #expect(told(modern) == 2)
      #expect(told(silent) == 0)
    }
  }
}
