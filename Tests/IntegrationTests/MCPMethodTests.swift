import Protocol
import Testing

@Suite("MCP: every method at every revision", .timeLimit(.minutes(5)))
struct MCPMethodTests {
  static let legacy = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
  static let modern = "2026-07-28"

  /// Method, params, the error code of legacy and of modern; nil for a result.
  static let table: [(String, String, Int?, Int?)] = [
    ("ping", "{}", nil, -32601),
    ("server/discover", "{}", -32601, nil),
    ("tools/list", "{}", nil, nil),
    ("tools/list", #"{"cursor":"x"}"#, -32602, -32602),
    ("tools/call", #"{"name":"capabilities_list"}"#, nil, nil),
    ("tools/call", #"{"name":"capability_describe","arguments":{"id":"fake.echo"}}"#, nil, nil),
    (
      "tools/call", #"{"name":"capability_call","arguments":{"capability_id":"fake.echo","args":{"a":1}}}"#, nil, nil
    ),
    ("tools/call", #"{"name":"resources_list","arguments":{}}"#, nil, nil),
    (
      "tools/call", #"{"name":"resource_read","arguments":{"resource_id":"fake.fake://resource/1"}}"#, nil, nil
    ),
    ("tools/call", #"{"name":"prompts_list","arguments":null}"#, nil, nil),
    (
      "tools/call",
      #"{"name":"prompt_get","arguments":{"prompt_id":"fake.prompt_1","arguments":{"topic":"sun"}}}"#, nil, nil
    ),
    ("tools/call", #"{"name":"fake.echo","arguments":{}}"#, -32602, -32602),
    ("tools/call", "{}", -32602, -32602),
    ("resources/list", "{}", nil, nil),
    ("resources/templates/list", "{}", nil, nil),
    ("resources/read", #"{"uri":"fake://resource/2"}"#, nil, nil),
    ("resources/read", #"{"uri":"fake.fake://resource/2"}"#, nil, nil),
    ("resources/read", #"{"uri":"fake://resource/9"}"#, -32602, -32602),
    ("resources/read", "{}", -32602, -32602),
    ("prompts/list", "{}", nil, nil),
    ("prompts/get", #"{"name":"prompt_2","arguments":{"topic":"moon"}}"#, nil, nil),
    ("prompts/get", #"{"name":"fake.prompt_2","arguments":{"topic":"moon"}}"#, nil, nil),
    ("prompts/get", #"{"name":"prompt_2","arguments":[]}"#, -32602, -32602),
    ("prompts/get", #"{"name":"prompt_2"}"#, -32603, -32603),
    ("prompts/get", #"{"name":"nix"}"#, -32602, -32602),
    (
      "completion/complete", #"{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":""}}"#, -32602,
      -32602
    ),
    ("logging/setLevel", #"{"level":"debug"}"#, nil, -32601),
    ("resources/subscribe", #"{"uri":"fake://resource/1"}"#, nil, -32601),
    ("resources/unsubscribe", #"{"uri":"fake://resource/1"}"#, nil, -32601),
    ("tasks/list", "{}", -32601, -32601),
    ("nix", "{}", -32601, -32601),
  ]

  private static let config = DaemonConfig(servers: [.fake("fake", "--resources", "2", "--prompts", "2")])

  @Test("has the answer of its era", arguments: legacy + [modern])
  func methods(revision: String) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let client = try MCPClient(daemon)
      try client.open(revision)
      for (method, params, legacyCode, modernCode) in Self.table {
        let answer = try client.request(method, params)
        let expected = revision == Self.modern ? modernCode : legacyCode
        #expect(answer.code == expected, "\(method) \(params): \(answer.message.member("error")?.string ?? "")")
        if expected == nil { #expect(answer.result != nil, "\(method) \(params)") }
      }
      if revision != Self.modern {
        #expect(try client.request("subscriptions/listen", #"{"notifications":{}}"#).code == -32601)
        #expect(try client.request("initialize", #"{"protocolVersion":"2025-11-25"}"#).code == -32600)
      }
      try client.finish()
      #expect(client.received.count > Self.table.count)
    }
  }

  @Test("before initialize only ping is answered, and the code tells known methods from unknown ones")
  func unopened() async throws {
    try await DaemonFixture.run(DaemonConfig()) { daemon in
      let client = try MCPClient(daemon)
      #expect(try client.request("ping").result != nil)
      for (method, _, _, _) in Self.table where method != "ping" {
        let isKnown = !["tasks/list", "nix"].contains(method)
        #expect(try client.request(method).code == (isKnown ? -32602 : -32601), "\(method)")
      }
      try client.finish()
    }
  }

  @Test(
    "initialize answers the client's revision, or our newest legacy one",
    arguments: legacy.map { ($0, $0) } + [
      ("2026-07-28", "2025-11-25"), ("1999-01-01", "2025-11-25"), ("", "2025-11-25"),
    ])
  func initialize(proposed: String, answered: String) async throws {
    try await DaemonFixture.run(DaemonConfig()) { daemon in
      let client = try MCPClient(daemon)
      let result = try client.request("initialize", #"{"protocolVersion":"\#(proposed)"}"#).result
      #expect(result?.member("protocolVersion")?.string == answered)
      #expect(result?.member("serverInfo")?.member("name")?.string == "warmplane")
      #expect(result?.member("serverInfo")?.member("version")?.string == WarmplaneVersion.current)
      #expect(result?.member("instructions")?.string?.isEmpty == false)
      let capabilities = result?.member("capabilities").map { String(decoding: $0.compacted(), as: UTF8.self) }
      let completions = answered == "2024-11-05" ? "" : #","completions":{}"#
      #expect(
        capabilities
          == #"{"tools":{},"resources":{"subscribe":true,"listChanged":true},"prompts":{"listChanged":true},"#
          + #""logging":{}\#(completions)}"#)
      try client.finish()
    }
  }

  @Test("a modern request is refused for what its envelope lacks")
  func envelope() async throws {
    try await DaemonFixture.run(DaemonConfig()) { daemon in
      let client = try MCPClient(daemon)
      let key = "io.modelcontextprotocol"
      let cases: [(String, Int)] = [
        (#"{"\#(key)/protocolVersion":"2026-07-28"}"#, -32602),
        (#"{"\#(key)/protocolVersion":"2026-07-28","\#(key)/clientCapabilities":[]}"#, -32602),
        (#"{"\#(key)/protocolVersion":7,"\#(key)/clientCapabilities":{}}"#, -32602),
        (#"{"\#(key)/protocolVersion":"2030-01-01","\#(key)/clientCapabilities":{}}"#, -32022),
        (#"{"\#(key)/protocolVersion":"2025-11-25","\#(key)/clientCapabilities":{}}"#, -32022),
      ]
      for (index, (meta, code)) in cases.enumerated() {
        try client.send(
          #"{"jsonrpc":"2.0","id":\#(index),"method":"tools/list","params":{"_meta":\#(meta)}}"#)
        let answer = try client.answer("\(index)")
        #expect(answer.code == code, "\(meta)")
        guard code == -32022 else { continue }
        let supported = answer.data?.member("supported")?.elements.compactMap(\.string)
        #expect(supported == [Self.modern] + Self.legacy.reversed())
        #expect(answer.data?.member("requested")?.string?.hasPrefix("20") == true)
      }
      // Nothing is remembered of a refused request, and both eras live side by side.
      #expect(try client.open("2025-06-18").result != nil)
      #expect(try client.open(Self.modern).result?.member("resultType")?.string == "complete")
      try client.finish()
    }
  }

  @Test("the seven tools, in order, with what the revision knows", arguments: legacy + [modern])
  func tools(revision: String) async throws {
    try await DaemonFixture.run(DaemonConfig()) { daemon in
      let client = try MCPClient(daemon)
      try client.open(revision)
      let tools = try #require(try client.request("tools/list").result?.member("tools")).elements.map { $0 }
      #expect(
        tools.map { $0.member("name")?.string } == [
          "capabilities_list", "capability_describe", "capability_call", "resources_list", "resource_read",
          "prompts_list", "prompt_get",
        ])
      let required = tools.map { tool in
        tool.member("inputSchema")?.member("required")?.elements.compactMap(\.string) ?? []
      }
      #expect(
        required == [[], ["id"], ["capability_id", "args"], [], ["resource_id"], [], ["prompt_id"]])
      for tool in tools {
        let schema = tool.member("inputSchema")
        #expect(schema?.member("type")?.string == "object")
        #expect(schema?.member("additionalProperties")?.bool == false)
        #expect((tool.member("annotations") != nil) == (revision >= "2025-03-26"))
        #expect((tool.member("title") != nil) == (revision >= "2025-06-18"))
        if revision >= "2025-03-26" {
          let isCall = tool.member("name")?.string == "capability_call"
          #expect(tool.member("annotations")?.member("readOnlyHint")?.bool == !isCall)
        }
      }
      try client.finish()
    }
  }
}
