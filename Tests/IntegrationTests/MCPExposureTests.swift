import Glibc
import Protocol
import Testing

/// What clients see of several servers, by scope and exposure (issue "The MCP front I").
@Suite("MCP: scopes and exposure", .timeLimit(.minutes(5)))
struct MCPExposureTests {
  private static let config = DaemonConfig(
    servers: [
      .fake("one", "--resources", "1", "--prompts", "1", "--tools", "Same,dot.ted"),
      .fake("two", "--resources", "1", "--prompts", "1", "--template", "fake://item/{id}"),
    ],
    members: [
      "profiles": """
      {"work": {"servers": ["one"], "deny": ["one.fail"], "exposure": "full", "instructions": "Work only."},
       "narrow": {"allow": ["two.echo"]}, "ghost": {"servers": ["nope"]}}
      """
    ])

  private static func names(_ client: MCPClient, _ list: String, _ member: String, _ key: String) throws -> [String] {
    try client.request(list).result?.member(member)?.elements.compactMap { $0.member(key)?.string } ?? []
  }

  @Test(
    "full exposure: the servers' own tools, prompts and resources, under names with the server",
    arguments: [
      "2024-11-05", "2025-11-25", "2026-07-28",
    ])
  func full(revision: String) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "one")
      try daemon.wait(for: "two")
      let client = try MCPClient(daemon, "--exposure", "full")
      try client.open(revision)
      let tools = try Self.names(client, "tools/list", "tools", "name")
      #expect(tools.contains("one__echo") && tools.contains("two__echo") && tools.contains("one__Same"))
      #expect(!tools.contains { $0.contains(".") } && tools.contains { $0.hasPrefix("one__dot_ted_") }, "\(tools)")
      let resources = try Self.names(client, "resources/list", "resources", "uri")
      #expect(resources == ["warmplane://one/fake%3A%2F%2Fresource%2F1", "warmplane://two/fake%3A%2F%2Fresource%2F1"])
      let prompts = try Self.names(client, "prompts/list", "prompts", "name")
      #expect(prompts == ["one__prompt_1", "two__prompt_1"])

      let called = try client.call("two__echo", #"{"b":1.0,"a":"\u00e9"}"#)
      #expect(called.text?.contains(#"{"b":1.0,"a":"\u00e9"}"#) == true && called.isError != true, "\(called.message)")
      let read = try client.request("resources/read", #"{"uri":"\#(resources[1])"}"#)
      #expect(read.result?.member("contents")?.elements.first { _ in true }?.member("uri")?.string == resources[1])
      let item = try client.request("resources/read", #"{"uri":"fake://item/7"}"#)
      #expect(
        item.result?.member("contents")?.elements.first { _ in true }?.member("uri")?.string
          == "warmplane://two/fake%3A%2F%2Fitem%2F7", "\(item.message)")
      let prompt = try client.request("prompts/get", #"{"name":"one__prompt_1","arguments":{"topic":"t"}}"#)
      #expect(prompt.result?.member("messages") != nil, "\(prompt.message)")

      // The server's own error stays its own, and names the server.
      let refused = try client.request("prompts/get", #"{"name":"one__prompt_1"}"#)
      #expect(refused.code != nil && refused.errorMessage?.hasPrefix("one: ") == true, "\(refused.message)")
      for name in ["echo", "one.echo", "three__echo", "capabilities_list", "one__nix"] {
        #expect(try client.call(name).code == -32602, "\(name)")
      }
      try client.finish()
    }
  }

  @Test("direct exposure: one server as it is")
  func direct() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let client = try MCPClient(daemon, "--server", "two", "--exposure", "direct")
      // Nothing is known of it yet: the answer waits for its own word.
      let opened = try client.open("2025-11-25")
      #expect(
        opened.result?.member("serverInfo")?.member("name")?.string == "warmplane-fake-upstream", "\(opened.message)")
      let tools = try Self.names(client, "tools/list", "tools", "name")
      #expect(tools.contains("echo") && !tools.contains { $0.contains("two") })
      #expect(try Self.names(client, "resources/list", "resources", "uri") == ["fake://resource/1"])
      #expect(try client.call("echo", #"{"x":1}"#).text?.contains(#"{"x":1}"#) == true)
      let read = try client.request("resources/read", #"{"uri":"fake://item/7"}"#)
      #expect(
        read.result?.member("contents")?.elements.first { _ in true }?.member("uri")?.string == "fake://item/7")
      // What it does not list reaches it all the same, and its answer is its own.
      let unknown = try client.call("nix")
      #expect(unknown.errorMessage?.contains("two") != true && (unknown.code != nil || unknown.isError == true))
      try client.finish()
    }
  }

  @Test("compact exposure of one server: no server to choose, and ids without its name")
  func compactOne() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let client = try MCPClient(daemon, "--server", "one")
      try client.open("2025-11-25")
      let tools = try client.request("tools/list").result?.member("tools")
      let list = tools?.elements.first { $0.member("name")?.string == "capabilities_list" }
      let properties = list?.member("inputSchema")?.member("properties")
      #expect(properties?.member("server") == nil && properties?.member("query") != nil)
      try daemon.wait(for: "one")
      #expect(try client.callCapability("echo", #"{"n":1}"#).body?.member("ok")?.bool == true)
      #expect(try client.callCapability("one.echo").body?.member("ok")?.bool == true)
      let hidden = try client.callCapability("two.echo")
      #expect(hidden.body?.member("error")?.member("code")?.string == "TOOL_NOT_FOUND", "\(hidden.message)")
      let described = try client.call("capability_describe", #"{"id":"echo"}"#)
      #expect(described.body?.member("capability")?.member("id")?.string == "one.echo", "\(described.message)")
      let body = try client.call("capabilities_list").body
      let servers = Set(body?.member("capabilities")?.elements.compactMap { $0.member("server")?.string } ?? [])
      #expect(servers == ["one"])
      #expect(body?.member("server_readiness")?.elements.compactMap { $0.member("server")?.string } == ["one"])
      try client.finish()
    }
  }

  @Test("a profile hides what it leaves out, on every surface")
  func profile() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "one")
      try daemon.wait(for: "two")
      let client = try MCPClient(daemon, "--profile", "work")
      let opened = try client.open("2025-11-25")
      #expect(opened.result?.member("instructions")?.string == "Work only.")
      let tools = try Self.names(client, "tools/list", "tools", "name")
      #expect(tools.contains("one__echo") && tools.allSatisfy { $0.hasPrefix("one__") && $0 != "one__fail" })
      #expect(try client.call("one__fail").code == -32602)
      #expect(try client.call("two__echo").code == -32602)
      #expect(
        try daemon.status().member("daemon")?.member("clients")?.elements.contains {
          $0.member("scope")?.string == "@work"
        } == true)
      try client.finish()

      let http = try daemon.http()
      let all = try http.get("/v1/capabilities?profile=narrow")
      #expect(all.json.member("capabilities")?.elements.compactMap { $0.member("id")?.string } == ["two.echo"])
      #expect(try http.get("/v1/capabilities", headers: ["X-Warmplane-Profile: narrow"]).text == all.text)
      let body = SurfaceHTTPClient.callBody("two.fail")
      let hidden = try http.post("/v1/tools/call?profile=narrow", body)
      #expect(hidden.status == 404 && hidden.code == "TOOL_NOT_FOUND", "\(hidden.text)")
      let unknown = try http.post("/v1/tools/call?profile=nix", body)
      #expect(unknown.status == 404 && unknown.reason == "unknown_scope", "\(unknown.text)")
      #expect(try http.get("/v1/capabilities?profile=a&profile=b").status == 400)
      for (arguments, code) in [(["--profile", "narrow"], 0), (["--profile", "nix"], 1)] as [([String], Int32)] {
        let command = try daemon.runWarmplane(
          ["describe-capability", "two.echo", "--no-start", "--config", daemon.configPath] + arguments)
        #expect(command.exit == .code(code), "\(command)")
      }
    }
  }

  @Test(
    "a server's own tool is called once, whatever becomes of the daemon meanwhile",
    arguments: [["--exposure", "full"], ["--server", "one", "--exposure", "direct"]])
  func killed(arguments: [String]) async throws {
    let config = DaemonConfig(servers: [.fake("one", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "one")
      let client = try MCPClient(daemon, arguments: arguments + ["--no-start"])
      try client.open("2025-11-25")
      let name = arguments.last == "direct" ? "sleep" : "one__sleep"
      let slow = try client.start("tools/call", #"{"name":"\#(name)","arguments":{"ms":1500}}"#)
      try daemon.waitForCalls(in: "journal")
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
      let answer = try client.answer(slow)
      #expect(answer.result != nil && answer.isError != true, "\(answer.message)")
      #expect(IdempotencyTests.calls(daemon) == 1)
      try client.finish()
    }
  }

  @Test("the exposure auto is chosen by the client's name")
  func auto() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "one")
      for (name, isFull) in [("claude-code", true), ("other", false)] {
        let client = try MCPClient(daemon, "--exposure", "auto")
        try client.open("2025-11-25", name: name)
        #expect(try Self.names(client, "tools/list", "tools", "name").contains("one__echo") == isFull)
        try client.finish()
      }
    }
  }

  @Test(
    "what does not exist is refused before anything starts",
    arguments: [
      ["--server", "nix"], ["--profile", "wrok"], ["--server", "one", "--profile", "work"], ["--exposure", "direct"],
      ["--exposure", "total"], ["--profile", "ghost", "--exposure=direct"],
    ])
  func refused(arguments: [String]) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let command = try daemon.runWarmplane(["mcp-server", "--config", daemon.configPath] + arguments)
      #expect(command.exit == .code(arguments.count == 4 || arguments[0] == "--exposure" ? 2 : 1), "\(command)")
      #expect(command.output.isEmpty && command.error.hasPrefix("Error: "), "\(command)")
    }
  }
}
