import Foundation
import Glibc
import Platform
import Protocol
import Testing

@Suite("MCP: the bridge", .timeLimit(.minutes(5)))
struct MCPBridgeTests {
  private static func text(_ value: JSONSlice?) -> String {
    value.map { String(decoding: $0.compacted(), as: UTF8.self) } ?? "nothing"
  }

  @Test("requests that are piped in are all answered, and it ends well")
  func piped() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      let client = try MCPClient(daemon)
      try client.send(#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#)
      try client.send("\r\n   \n\n")
      try client.send(#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"# + "\r")
      try client.send(
        #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"capability_call","#
          + #""arguments":{"capability_id":"fake.sleep","args":{"ms":300}}}}"#)
      try client.closeInput()
      let answers = try client.readToEnd()
      #expect(answers.compactMap { $0.message.member("id")?.int }.sorted() == [1, 2, 3])
      #expect(answers.allSatisfy { $0.result != nil })
      #expect(try client.exitCode() == 0)
    }
  }

  @Test("standard input may be a file, and its last line may lack its end")
  func file() async throws {
    try await DaemonFixture.run(DaemonConfig()) { daemon in
      let path = "\(daemon.directory)/requests"
      try Data(#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#.utf8).write(to: URL(fileURLWithPath: path))
      let output = "\(daemon.directory)/answers"
      try Data().write(to: URL(fileURLWithPath: output))
      let process = Process()
      process.executableURL = URL(fileURLWithPath: CLIProgram.path)
      process.arguments = ["mcp-server", "--config", daemon.configPath]
      process.environment = ["XDG_RUNTIME_DIR": "\(daemon.directory)/run", "HOME": daemon.directory]
      process.standardInput = FileHandle(forReadingAtPath: path)
      process.standardOutput = FileHandle(forWritingAtPath: output)
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      #expect(daemon.text(of: output) == #"{"jsonrpc":"2.0","id":"a","result":{}}"# + "\n")
    }
  }

  @Test("what is no message is answered without id, and the connection stays")
  func nonsense() async throws {
    try await DaemonFixture.run(DaemonConfig()) { daemon in
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      let cases = [
        ("nonsense", -32700), (#"{"jsonrpc":"2.0","id":1"#, -32700), ("\u{1}", -32700), ("[]", -32600),
        ("7", -32600), (#"{"jsonrpc":"2.0"}"#, -32600),
        (#"{"jsonrpc":"2.0","method":7}"#, -32600), (String(repeating: "[", count: 100_000), -32700),
      ]
      for (line, code) in cases {
        try client.send(line)
        #expect(try client.refusal().code == code, "\(line.prefix(40))")
      }
      // Nobody asked for these.
      for line in [
        #"{"jsonrpc":"2.0","id":9,"result":{}}"#, #"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#,
      ] { try client.send(line) }
      #expect(try client.request("ping").result != nil)
      try client.finish()
      #expect(client.received.count == cases.count + 2)
    }
  }

  @Test("after the end of its input it waits two seconds for answers, and cancels the rest")
  func endOfInput() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      try daemon.wait(for: "fake")
      try client.start(
        "tools/call", #"{"name":"capability_call","arguments":{"capability_id":"fake.sleep","args":{"ms":60000}}}"#)
      try daemon.eventually("it runs") { try daemon.worker("fake").member("in_flight")?.int == 1 ? true : nil }
      let start = MonotonicTime.now
      try client.closeInput()
      #expect(try client.exitCode() == 0)
      let time = MonotonicTime.now - start
      #expect(time > .milliseconds(1900) && time < .seconds(5), "\(time)")
      try daemon.eventually("it is cancelled") { try daemon.worker("fake").member("in_flight")?.int == 0 ? true : nil }
      #expect(try daemon.call("fake.cancelled").content != "[]")
    }
  }

  @Test("broken standard output ends it with 1")
  func brokenOutput() async throws {
    try await DaemonFixture.run(DaemonConfig()) { daemon in
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      try client.closeOutput()
      try client.send(#"{"jsonrpc":"2.0","id":5,"method":"ping"}"#)
      #expect(try client.exitCode() == 1)
    }
  }

  @Test("without a daemon and without leave to start one it ends with 3, with an invalid config file with 1")
  func noDaemon() async throws {
    try await DaemonFixture.run(DaemonConfig(), isStarted: false) { daemon in
      let alone = try daemon.runWarmplane(["mcp-server", "--config", daemon.configPath, "--no-start"])
      #expect(alone.exit == .code(3))
      #expect(alone.output.isEmpty)
      #expect(alone.error.contains("warmplane daemon --config"))
      try Data("{".utf8).write(to: URL(fileURLWithPath: daemon.configPath))
      let invalid = try daemon.runWarmplane(["mcp-server", "--config", daemon.configPath])
      #expect(invalid.exit == .code(1))
      #expect(invalid.output.isEmpty)
      let missing = try daemon.runWarmplane(["mcp-server", "--config", "\(daemon.directory)/nix.json"])
      #expect(missing.exit == .code(1))
    }
  }

  @Test("both openings are answered at once beside a server that hangs", arguments: ["2025-11-25", "2026-07-28"])
  func hangingServer(revision: String) async throws {
    let config = DaemonConfig(servers: [.fake("stuck", "--slow-start", "60000"), .fake("fine")])
    try await DaemonFixture.run(config) { daemon in
      let start = MonotonicTime.now
      let client = try MCPClient(daemon)
      try client.open(revision)
      #expect(try client.request("tools/list").result != nil)
      #expect(MonotonicTime.now - start < .seconds(1))
      #expect(try client.callCapability("fine.echo").isError == false)
      try client.finish()
    }
  }

  @Test("two bridges are two clients of one daemon with one process per server")
  func shared() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      let (first, second) = (try MCPClient(daemon), try MCPClient(daemon))
      try first.open("2025-06-18", name: "first")
      try second.open("2026-07-28", name: "second")
      let pids = try [first, second].map { try $0.callCapability("fake.pid").body?.member("data") }
      #expect(Self.text(pids[0]) == Self.text(pids[1]))
      let clients = try daemon.status().member("daemon")?.member("clients").map { Array($0.elements) } ?? []
      let bridges = clients.filter { $0.member("kind")?.string == "mcp" }
        .map {
          ["name", "version", "protocol_era"].map { [bridge = $0] name in bridge.member(name)?.string ?? "null" }
        }
        .sorted { $0[0] < $1[0] }
      #expect(bridges == [["first", "7", "legacy"], ["second", "7", "modern"]])
      #expect(daemon.processes().values.filter { $0.contains("warmplane-fake-upstream") }.count == 1)
      try first.finish()
      try daemon.eventually("the client is gone") {
        let clients = try daemon.status().member("daemon")?.member("clients").map { Array($0.elements) } ?? []
        return clients.filter { $0.member("kind")?.string == "mcp" }.count == 1 ? true : nil
      }
      #expect(try second.callCapability("fake.pid").isError == false)
      try second.finish()
    }
  }

  @Test("a client does not notice that its daemon was killed", arguments: ["2025-11-25", "2026-07-28"])
  func killedDaemon(revision: String) async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--resources", "1", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon, "--no-start")
      try client.open(revision)
      try daemon.wait(for: "fake")
      if revision == "2026-07-28" {
        try client.start("subscriptions/listen", #"{"notifications":{"resourcesListChanged":true}}"#, id: #""l""#)
        try client.notification("notifications/subscriptions/acknowledged")
      }
      #expect(try client.callCapability("fake.count").isError == false)
      // In flight at the end: its worker has the answer for the next daemon, and it is never sent again.
      let inFlight = try client.start(
        "tools/call",
        #"{"name":"capability_call","arguments":{"capability_id":"fake.sleep","args":{"ms":1500},"request_id":"r"}}"#)
      let reading = try client.start("tools/call", #"{"name":"capability_describe","arguments":{"id":"fake.echo"}}"#)
      _ = try client.answer(reading)
      try daemon.eventually("it runs") { try daemon.worker("fake").member("in_flight")?.int == 1 ? true : nil }
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      // Asked while nobody is there; the next daemon answers.
      let asked = try client.start("tools/list")
      let called = try client.start(
        "tools/call", #"{"name":"capability_call","arguments":{"capability_id":"fake.echo","args":{"b":2}}}"#)
      try daemon.start()
      let late = try client.answer(inFlight)
      #expect(late.isError == false && late.body?.member("ok")?.bool == true)
      #expect(late.body?.member("request_id")?.string == "r")
      #expect(late.body?.member("trace_id")?.string?.utf8.count == 32)
      #expect(try client.answer(asked).result != nil)
      #expect(try client.answer(called).isError == false)
      #expect(try client.callCapability("fake.echo").isError == false)
      try client.finish()
      let acknowledged = client.received.filter { $0.notification == "notifications/subscriptions/acknowledged" }
      #expect(acknowledged.count == (revision == "2026-07-28" ? 1 : 0))
      #expect(client.received.filter { $0.method == "initialize" }.count == (revision == "2026-07-28" ? 0 : 1))
      let calls = daemon.text(of: "\(daemon.directory)/journal").split(separator: "\n")
        .filter { $0.hasPrefix("recv ") && $0.contains("tools/call") }
      #expect(calls.filter { $0.contains(#""sleep""#) }.count == 1)
      #expect(calls.filter { $0.contains(#""count""#) }.count == 1)
      #expect(calls.filter { $0.contains(#""b":2"#) }.count == 1)
    }
  }

  @Test("requests that find no daemon for long are answered so, and the bridge goes on looking")
  func noDaemonForLong() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2025-11-25")
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      let called = try client.start(
        "tools/call", #"{"name":"capability_call","arguments":{"capability_id":"fake.echo","args":{}}}"#)
      let listed = try client.request("resources/list")
      #expect(listed.code == -32603)
      #expect(listed.data?.member("code")?.string == "SERVER_UNREACHABLE")
      #expect(listed.data?.member("reason")?.string == "daemon_unavailable")
      #expect(listed.errorMessage?.contains("warmplane daemon --config") == true)
      #expect(try client.answer(called).body?.member("error")?.member("reason")?.string == "daemon_unavailable")
      try daemon.start()
      #expect(try client.callCapability("fake.echo").isError == false)
      try client.finish()
    }
  }

  @Test("it starts a daemon when there is none, and again when that one was killed")
  func starts() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")]), isStarted: false) { daemon in
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      #expect(try client.callCapability("fake.echo").isError == false)
      func pid() throws -> Int32 {
        Int32(try daemon.status().member("daemon")?.member("pid")?.int ?? 0)
      }
      let first = try pid()
      kill(first, SIGKILL)
      try daemon.eventually("it is gone") { ProcessTree.isAlive(first) ? nil : true }
      #expect(try client.callCapability("fake.echo").isError == false)
      #expect(try pid() != first)
      try client.finish()
      #expect(try daemon.runWarmplane(["stop", "--config", daemon.configPath]).exit == .code(0))
    }
  }

  @Test("a message of many megabytes passes in both directions")
  func large() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      try daemon.wait(for: "fake")
      let answer = try client.callCapability("fake.big", #"{"bytes":5000000}"#)
      #expect(
        answer.body?.member("data")?.member("content")?.elements.first { _ in true }?.member("text")?.string?
          .utf8.count == 5_000_000)
      let long = String(repeating: "y", count: 3_000_000)
      let echo = try client.callCapability("fake.echo", #"{"a":"\#(long)"}"#)
      #expect(echo.body?.member("data")?.member("structuredContent")?.member("a")?.string == long)
      // Too large for one message with text and structured content: an answer all the same.
      let tooLarge = try client.callCapability("fake.big", #"{"bytes":40000000}"#)
      #expect(tooLarge.isError == true)
      #expect(tooLarge.body?.member("error")?.member("code")?.string == "UPSTREAM_ERROR")
      #expect(try client.request("ping").result != nil)
      try client.closeInput()
      #expect(try client.exitCode() == 0)
    }
  }
}
