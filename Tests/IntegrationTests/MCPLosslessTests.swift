import Foundation
import Protocol
import Testing

extension DaemonConfig.Server {
  /// A server that says what it is told (`Tests/Peers/scripted_server.py`).
  static func told(_ id: String, _ script: String) throws -> Self {
    Self(
      id: id, command: try MCPPeers.python(sdk: 1),
      arguments: ["-B", try MCPPeers.path("Tests/Peers/scripted_server.py"), script])
  }
}

/// Servers that are not as the schema says, or older or newer than their clients: nothing is lost, and nothing invalid leaves.
@Suite("MCP: odd servers", .timeLimit(.minutes(5)))
struct MCPLosslessTests {
  private static let revisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]

  private static let tool = #"{"name":"t","inputSchema":{"type":"object"}}"#

  // MARK: Lists

  private static func sloppy() throws -> DaemonConfig {
    let script = """
      {"tools":[{"name":"none"},{"name":"null","inputSchema":null},{"name":"text","inputSchema":"x","description":5},
        {"name":"open","inputSchema":{},"annotations":"x"},
        {"name":"true","inputSchema":{"type":"object","properties":{"a":true}}}],
       "resources":[{"uri":"odd://a","name":"a","size":"12"},{"uri":"odd://b","annotations":{"priority":7}},{"name":"x"}],
       "resourceTemplates":[{"uriTemplate":"odd://{x}/t","mimeType":1}],
       "prompts":[{"name":"p","arguments":[{"description":"no name"},{"name":"a"}]},{"name":"q","arguments":7}]}
      """
    return DaemonConfig(servers: [
      try .told("sloppy", script), .fake("good", "--resources", "1", "--prompts", "1"),
    ])
  }

  @Test("faulty entries of one server leave the lists of all servers valid", arguments: revisions)
  func lists(revision: String) async throws {
    try await DaemonFixture.run(try Self.sloppy()) { daemon in
      for server in ["sloppy", "good"] { try daemon.wait(for: server) }
      for exposure in ["full", "compact"] {
        let client = try MCPClient(daemon, "--exposure", exposure)
        try client.open(revision)
        for (method, member, count) in [
          ("resources/list", "resources", 3), ("resources/templates/list", "resourceTemplates", 1),
          ("prompts/list", "prompts", 3),
        ] {
          let items = try client.request(method).result?.member(member)?.elements.count { _ in true }
          #expect(items == count, "\(method)")
        }
        if exposure == "full" {
          let names = try client.request("tools/list").result?.member("tools")?.elements
            .compactMap { $0.member("name")?.string }
          for name in ["none", "null", "text", "open", "true"] {
            #expect(names?.contains("sloppy__\(name)") == true)
            #expect(try client.call("sloppy__\(name)").text == name)
          }
        }
        // Checks what came against the schema.
        try client.finish()
      }
      try daemon.waitForLog("faulty list entry") {
        $0.member("server_id")?.string == "sloppy" && $0.member("name")?.string == "none"
      }
    }
  }

  @Test("and the official clients can read them", arguments: [(1, "legacy"), (2, "legacy"), (2, "auto")])
  func clients(sdk: Int, mode: String) async throws {
    try await DaemonFixture.run(try Self.sloppy()) { daemon in
      for server in ["sloppy", "good"] { try daemon.wait(for: server) }
      for exposure in ["full", "compact"] {
        let peer = try MCPSDKPeer(daemon, sdk: sdk, mode: mode, flags: ["--exposure", exposure])
        for step in ["list_tools", "list_resources", "list_resource_templates", "list_prompts"] {
          let answer = try peer.step(step)
          #expect(answer.member("error") == nil, "\(exposure) \(step): \(answer.json)")
        }
      }
    }
  }

  // MARK: Results

  @Test("structured content reaches clients that do not know it as a text", arguments: revisions, ["full", "direct"])
  func structured(revision: String, exposure: String) async throws {
    let script = """
      {"capabilities":{"tools":{}},"tools":[{"name":"list"},{"name":"object"},{"name":"bare"},{"name":"told"}],
       "answers":{"tools/call list":{"content":[{"type":"text","text":"Done."}],"structuredContent":[1,2,3]},
                  "tools/call object":{"content":[{"type":"text","text":"Done."}],"structuredContent":{"a":1}},
                  "tools/call bare":{"structuredContent":[7]},
                  "tools/call told":{"content":[{"type":"text","text":"{\\"a\\":1}"}],"structuredContent":{"a": 1}}}}
      """
    try await DaemonFixture.run(DaemonConfig(servers: [try .told("s", script)])) { daemon in
      try daemon.wait(for: "s")
      let client = try MCPClient(daemon, "--server", "s", "--exposure", exposure)
      try client.open(revision)
      let prefix = exposure == "full" ? "s__" : ""
      for (tool, isObject, texts) in [
        ("list", false, ["Done.", "[1, 2, 3]"]), ("object", true, ["Done.", #"{"a": 1}"#]), ("bare", false, ["[7]"]),
        ("told", true, [#"{"a":1}"#]),
      ] {
        let answer = try client.call(prefix + tool)
        let told = answer.result?.member("content")?.elements.compactMap { $0.member("text")?.string } ?? []
        let knows = revision == "2026-07-28" || isObject && revision >= "2025-06-18"
        #expect((answer.result?.member("structuredContent") != nil) == knows, "\(tool)")
        let expected = knows && tool != "bare" ? Array(texts.prefix(1)) : texts
        let plain = { (text: String) in text.filter { $0 != " " } }
        #expect(told.map(plain) == expected.map(plain), "\(tool)")
      }
      try client.finish()
    }
  }

  @Test(
    "a result of an unknown type is no result, unless its server has no types",
    arguments: ["2025-11-25", "2026-07-28"], ["strange", "input_required"])
  func resultTypes(revision: String, type: String) async throws {
    let script = { (version: String) in
      """
      {"version":"\(version)","tools":[{"name":"t"}],"resources":[{"uri":"x:y","name":"r"}],
       "answers":{"tools/call t":{"resultType":"\(type)","content":[{"type":"text","text":"x"}]},
                  "resources/read":{"resultType":"\(type)","inputRequests":{},"ttlMs":0,"cacheScope":"private"}}}
      """
    }
    let config = DaemonConfig(servers: [
      try .told("new", script("2026-07-28")), try .told("old", script("2025-11-25")),
    ])
    try await DaemonFixture.run(config) { daemon in
      for server in ["new", "old"] { try daemon.wait(for: server) }
      let client = try MCPClient(daemon, "--exposure", "full")
      try client.open(revision)
      let failed = try client.call("new__t")
      #expect(failed.isError == true && failed.text?.contains("new") == true, "\(failed.message)")
      let read = try client.request("resources/read", #"{"uri":"warmplane://new/x%3Ay"}"#)
      #expect(read.code == -32603 && read.data?.member("code")?.string == "UPSTREAM_ERROR", "\(read.message)")
      #expect(try client.call("old__t").text == "x")
      try client.finish()
      let answer = try daemon.http().call("new.t", "{}")
      #expect(answer.status == 502 && answer.text.contains("UPSTREAM_ERROR"), "\(answer.text)")
    }
  }

  // MARK: Openings

  @Test("direct exposure has no more than its server announces", arguments: ["2025-11-25", "2026-07-28"])
  func announced(revision: String) async throws {
    let script = #"{"version":"\#(revision)","capabilities":{"tools":{}},"tools":[\#(Self.tool)]}"#
    try await DaemonFixture.run(DaemonConfig(servers: [try .told("s", script)])) { daemon in
      let client = try MCPClient(daemon, "--server", "s", "--exposure", "direct")
      try client.open(revision)
      for (method, params) in [
        ("prompts/list", "{}"), ("resources/list", "{}"), ("resources/templates/list", "{}"),
        ("prompts/get", #"{"name":"x"}"#), ("resources/read", #"{"uri":"x:y"}"#),
        ("logging/setLevel", #"{"level":"info"}"#), ("resources/subscribe", #"{"uri":"x:y"}"#),
        ("completion/complete", #"{"ref":{"type":"ref/prompt","name":"x"},"argument":{"name":"a","value":""}}"#),
      ] {
        #expect(try client.request(method, params).code == -32601, "\(method)")
      }
      #expect(try client.request("tools/list").result?.member("tools")?.elements.count { _ in true } == 1)
      if revision == "2026-07-28" {
        try client.start(
          "subscriptions/listen", #"{"notifications":{"toolsListChanged":true,"promptsListChanged":true}}"#)
        let told = try client.notification("notifications/subscriptions/acknowledged")
        #expect(told.message.member("params")?.member("notifications")?.json == "{}")
      }
      try client.finish()
    }
  }

  @Test("what is told of servers that are not there yet may not be kept")
  func provisional() async throws {
    let script = #"{"version":"2026-07-28","tools":[{"name":"t"}]}"#
    let silent = DaemonConfig.Server.fake("late", "--slow-start", "60000")
    try await DaemonFixture.run(DaemonConfig(servers: [try .told("s", script), silent])) { daemon in
      try daemon.wait(for: "s")
      for (arguments, milliseconds) in [
        (["--exposure", "full"], 0), (["--server", "s", "--exposure", "direct"], 0), (["--server", "s"], 1000),
      ] {
        let client = try MCPClient(daemon, arguments: arguments)
        #expect(try client.open("2026-07-28").result?.member("ttlMs")?.int == milliseconds, "\(arguments)")
        try client.finish()
      }
    }
  }

  // MARK: Beside results

  @Test("vendor members of notifications and results stay", arguments: ["2025-11-25", "2026-07-28"])
  func vendorMembers(revision: String) async throws {
    let meta = #""_meta":{"com.example/a":1.0,"io.modelcontextprotocol/x":1}"#
    let values = (0..<150).map { "\"\($0)\"" }.joined(separator: ",")
    let script = """
      {"capabilities":{"tools":{},"prompts":{},"logging":{},"completions":{}},"tools":[{"name":"t"}],
       "prompts":[{"name":"p"}],
       "tells":{"tools/call t":[
         {"method":"notifications/progress","params":{"progressToken":"$token","progress":1,"x-b":2,\(meta)}},
         {"method":"notifications/message","params":{"level":"error","data":1,"x-b":2,\(meta)}}]},
       "answers":{"completion/complete":{"completion":{"values":[\(values)],"x-c":1},"x-b":2,\(meta)}}}
      """
    try await DaemonFixture.run(DaemonConfig(servers: [try .told("s", script)])) { daemon in
      try daemon.wait(for: "s")
      let client = try MCPClient(daemon, "--exposure", "full")
      try client.open(revision)
      let isModern = revision == "2026-07-28"
      let own = isModern ? #","progressToken":1,"io.modelcontextprotocol/logLevel":"info""# : ""
      let beside = isModern ? "" : #","_meta":{"progressToken":1}"#
      _ = try client.request("tools/call", #"{"name":"s__t"\#(beside)}"#, meta: own)
      for method in ["notifications/progress", "notifications/message"] {
        let told = try client.notification(method).message.member("params")
        #expect(told?.member("x-b")?.int == 2 && told?.member("_meta")?.json == #"{"com.example/a":1.0}"#, "\(method)")
      }
      let completed = try client.request(
        "completion/complete",
        #"{"ref":{"type":"ref/prompt","name":"s__p"},"argument":{"name":"a","value":""}}"#)
      let completion = completed.result?.member("completion")
      #expect(completion?.member("values")?.elements.count { _ in true } == 100)
      #expect(completion?.member("hasMore")?.bool == true && completion?.member("x-c")?.int == 1)
      #expect(completed.result?.member("x-b")?.int == 2)
      #expect(completed.result?.member("_meta")?.member("com.example/a")?.json == "1.0")
      try client.finish()
    }
  }
}
