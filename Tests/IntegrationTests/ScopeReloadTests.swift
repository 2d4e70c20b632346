import Glibc
import Protocol
import Testing

/// What becomes of clients of a profile when the configuration changes under them.
@Suite("scopes and reload", .timeLimit(.minutes(5)))
struct ScopeReloadTests {
  private static func config(_ profiles: String) -> DaemonConfig {
    DaemonConfig(
      servers: [
        .fake("one", "--tools", "Same,only_one", "--prompts", "1", "--journal", "one.journal"),
        .fake("two", "--tools", "Same,only_two", "--prompts", "1", "--journal", "two.journal"),
      ], members: ["profiles": profiles])
  }

  private static func reload(_ daemon: DaemonFixture, _ profiles: String) throws {
    try daemon.write(config(profiles))
    let result = try daemon.warmplane("reload")
    #expect(result.exit == .code(0), "\(result)")
  }

  private static func restart(_ daemon: DaemonFixture) throws {
    daemon.signal(SIGKILL)
    try daemon.waitForExit()
    try daemon.start()
    for server in ["one", "two"] { try daemon.wait(for: server) }
  }

  private static func tools(_ client: MCPClient) throws -> [String] {
    try client.request("tools/list").result?.member("tools")?.elements.compactMap { $0.member("name")?.string } ?? []
  }

  private static func calls(_ daemon: DaemonFixture, _ server: String) -> Int {
    daemon.text(of: "\(daemon.directory)/\(server).journal").split(separator: "\n")
      .count { $0.hasPrefix("recv ") && $0.contains("tools/call") }
  }

  @Test("a direct client is one server's while that is granted, whatever its profile becomes")
  func direct() async throws {
    let first = #"{"p": {"servers": ["one"], "exposure": "direct"}}"#
    try await DaemonFixture.run(Self.config(first)) { daemon in
      for server in ["one", "two"] { try daemon.wait(for: server) }
      let client = try MCPClient(daemon, "--profile", "p", "--no-start")
      try client.open("2025-11-25")
      let http = try MCPHTTPClient(daemon, path: "/mcp/@p")
      try http.open()
      let own = try Self.tools(client)
      #expect(own.contains("Same") && own.contains("only_one"))
      func check(_ http: MCPHTTPClient) throws {
        #expect(try Self.tools(client) == own)
        let before = Self.calls(daemon, "two")
        #expect(try client.call("Same").isError != true)
        #expect(try client.call("only_two").isError != false)
        let listed = try http.post(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        let names = listed.json.member("result")?.member("tools")?.elements.compactMap { $0.member("name")?.string }
        #expect(names == own, "\(listed.text)")
        #expect(Self.calls(daemon, "two") == before)
      }
      try check(http)
      try Self.reload(daemon, #"{"p": {"servers": ["two", "one"], "exposure": "full"}}"#)
      try check(http)
      let later = try MCPClient(daemon, "--profile", "p")
      try later.open("2025-11-25")
      #expect(try Self.tools(later).contains("two__only_two"))
      try later.finish()

      try Self.restart(daemon)
      let again = try MCPHTTPClient(http, port: daemon.port)
      try check(again)

      // Its server is not granted any more, and it does not get another one.
      try Self.reload(daemon, #"{"p": {"servers": ["two"], "exposure": "direct"}}"#)
      try client.notification("notifications/tools/list_changed")
      #expect(try Self.tools(client).isEmpty)
      let before = Self.calls(daemon, "one") + Self.calls(daemon, "two")
      for name in ["Same", "only_one", "only_two"] { #expect(try client.call(name).code == -32602, "\(name)") }
      #expect(Self.calls(daemon, "one") + Self.calls(daemon, "two") == before)
      try Self.reload(daemon, first)
      try check(again)
      try client.finish()
    }
  }

  @Test("an exposure that changes counts for sessions that begin later, also under the next daemon")
  func exposure() async throws {
    try await DaemonFixture.run(Self.config(#"{"p": {"exposure": "compact"}, "q": {"exposure": "full"}}"#)) { daemon in
      for server in ["one", "two"] { try daemon.wait(for: server) }
      let clients = try ["p", "q"].map { try MCPClient(daemon, "--profile", $0, "--no-start") }
      for client in clients { try client.open("2025-11-25") }
      func check() throws {
        let (seven, all) = try (Self.tools(clients[0]), Self.tools(clients[1]))
        #expect(seven.count == 7 && seven.contains("capability_call"), "\(seven)")
        #expect(all.contains("one__Same") && all.contains("two__only_two"), "\(all)")
        let exposures = try daemon.status().member("daemon")?.member("clients")?.elements.filter {
          $0.member("kind")?.string == "mcp"
        }.compactMap { $0.member("exposure")?.string }
        #expect(exposures?.sorted() == ["compact", "full"])
      }
      try check()
      try Self.reload(daemon, #"{"p": {"exposure": "full"}, "q": {"exposure": "compact"}}"#)
      try check()
      try Self.restart(daemon)
      try check()
      let later = try MCPClient(daemon, "--profile", "p")
      try later.open("2025-11-25")
      #expect(try Self.tools(later).contains("one__Same"))
      for client in clients + [later] { try client.finish() }
    }
  }

  @Test("what is in the file and not in the daemon yet is refused, with the command that helps")
  func notYet() async throws {
    try await DaemonFixture.run(Self.config(#"{"old": {"servers": ["one", "two"]}}"#)) { daemon in
      let new = #"{"old": {"servers": ["one"]}, "new": {"servers": ["one"], "exposure": "full"}}"#
      var config = Self.config(new)
      config.servers.append(.demo("three"))
      try daemon.write(config)
      for (arguments, text) in [
        (["--profile", "new"], #"the running daemon does not know profile "new" yet"#),
        (["--server", "three"], #"the running daemon does not know server "three" yet"#),
        (["--profile", "old", "--exposure", "direct"], "direct shows one server"),
      ] {
        let command = try daemon.runWarmplane(["mcp-server", "--config", daemon.configPath] + arguments)
        #expect(command.exit == .code(1) && command.output.isEmpty, "\(command)")
        #expect(command.error.contains(text), "\(command)")
        #expect(command.error.contains("warmplane reload --config \(daemon.configPath)"), "\(command)")
      }
      #expect(try daemon.warmplane("reload").exit == .code(0))
      let client = try MCPClient(daemon, "--profile", "new", "--no-start")
      try client.open("2025-11-25")
      try daemon.wait(for: "one")
      #expect(try Self.tools(client).contains("one__Same"))

      // Once it runs it stays, and sees nothing when its profile goes: under this daemon and the next.
      try Self.reload(daemon, #"{"old": {}}"#)
      try client.notification("notifications/tools/list_changed")
      #expect(try Self.tools(client).isEmpty && client.call("one__Same").code == -32602)
      try Self.restart(daemon)
      #expect(try Self.tools(client).isEmpty)
      try Self.reload(daemon, new)
      try client.notification("notifications/tools/list_changed")
      #expect(try Self.tools(client).contains("one__Same"))
      try client.finish()
    }
  }
}
