import Protocol
import Testing

/// Progress and log messages of servers reach the clients that want to hear them, and no others.
@Suite("MCP: progress and log messages", .timeLimit(.minutes(5)))
struct MCPRelayTests {
  @Test(
    "progress comes with the client's own token, before the answer",
    arguments: ["2024-11-05", RelayFixture.legacy, RelayFixture.modern], ["legacy", "modern"])
  func progress(revision: String, era: String) async throws {
    try await DaemonFixture.run(RelayFixture.config(era)) { daemon in
      try daemon.wait(for: "one")
      for (arguments, tool, call) in [
        ([], "capability_call", #""arguments":{"capability_id":"one.progress","args":{"steps":3}}"#),
        (["--exposure", "full"], "one__progress", #""arguments":{"steps":3}"#),
        (["--server", "one", "--exposure", "direct"], "progress", #""arguments":{"steps":3}"#),
      ] {
        let client =
          arguments.isEmpty
          ? try MCPClient(daemon)
          : arguments.count == 2
            ? try MCPClient(daemon, arguments[0], arguments[1])
            : try MCPClient(daemon, arguments[0], arguments[1], arguments[2], arguments[3])
        try client.open(revision)
        for token in [#""a token""#, "7"] {
          let before = client.received.count
          let meta = #"{"progressToken":\#(token)}"#
          let answer =
            revision == RelayFixture.modern
            ? try client.request(
              "tools/call", #"{"name":"\#(tool)",\#(call)}"#, meta: #","progressToken":\#(token)"#)
            : try client.request("tools/call", #"{"name":"\#(tool)",\#(call),"_meta":\#(meta)}"#)
          #expect(answer.isError != true, "\(answer.message)")
          let told = client.received[before...].compactMap { $0.message.member("params") }
          #expect(told.map { $0.member("progress")?.int } == [1, 2, 3])
          #expect(told.allSatisfy { $0.member("progressToken")?.json == token && $0.member("total")?.int == 3 })
          #expect(told.allSatisfy { ($0.member("message") == nil) == (revision == "2024-11-05") })
          #expect(client.received.last?.message.member("id") != nil, "the answer is last")
        }
        // Who asks for none gets none.
        let before = client.received.count
        _ = try client.request("tools/call", #"{"name":"\#(tool)",\#(call)}"#)
        #expect(client.received.count == before + 1)
        try client.finish()
      }
    }
  }

  // MARK: Log messages

  @Test("levels are each session's own, and the server is asked for the most verbose one")
  func levels() async throws {
    try await DaemonFixture.run(RelayFixture.config()) { daemon in
      try daemon.wait(for: "one")
      let (loud, usual, other) = (
        try MCPClient(daemon), try MCPClient(daemon), try MCPClient(daemon, "--server", "plain")
      )
      for client in [loud, usual, other] {
        let opened = try client.open(RelayFixture.legacy)
        let capabilities = opened.result?.member("capabilities")
        #expect(capabilities?.member("logging") != nil && capabilities?.member("completions") != nil)
      }
      #expect(try usual.request("logging/setLevel", #"{"level":"loud"}"#).code == -32602)
      #expect(try usual.request("logging/setLevel").code == -32602)
      #expect(RelayFixture.received(daemon, "setLevel") == 0, "nobody has asked for anything")
      #expect(try loud.request("logging/setLevel", #"{"level":"debug"}"#).result?.json == "{}")
      try daemon.waitForLines(with: #""level":"debug""#, in: "one")
      for level in ["debug", "info", "error"] {
        _ = try loud.callCapability("one.log", #"{"level":"\#(level)","data":{"n": 1.0}}"#)
      }
      for client in [loud, usual, other] { try RelayFixture.settle(client, RelayFixture.legacy) }
      let told = { (client: MCPClient) in RelayFixture.notes(client, "notifications/message") }
      #expect(told(loud).map { $0.member("level")?.string } == ["debug", "info", "error"])
      #expect(told(usual).map { $0.member("level")?.string } == ["info", "error"])
      #expect(told(other).isEmpty, "its scope has another server")
      #expect(
        told(loud)[0].member("logger")?.string == "one.fake" && told(loud)[0].member("data")?.json == #"{"n": 1.0}"#)
      #expect(try usual.request("logging/setLevel", #"{"level":"error"}"#).result != nil)
      _ = try loud.callCapability("one.log", #"{"level":"warning","data":1}"#)
      try RelayFixture.settle(usual, RelayFixture.legacy)
      #expect(told(usual).count == 2)
      // Without the loud one the server may be as quiet as the others like it.
      try loud.finish()
      try daemon.waitForLines(with: #""level":"error""#, in: "one")
      try usual.finish()
      try other.finish()
    }
  }

  @Test("a 2026-07-28 client gets the messages of its own request only, at the level that this names")
  func levelsOfRequests() async throws {
    for era in ["legacy", "modern"] {
      try await DaemonFixture.run(RelayFixture.config(era)) { daemon in
        try daemon.wait(for: "one")
        let (client, other) = (try MCPClient(daemon, "--exposure", "full"), try MCPClient(daemon))
        try client.open(RelayFixture.modern)
        try other.open(RelayFixture.modern)
        let level = { (name: String) in #","io.modelcontextprotocol/logLevel":"\#(name)""# }
        func log(_ wanted: String?) throws -> [JSONSlice] {
          let before = RelayFixture.notes(client, "notifications/message").count
          let call = #"{"name":"one__log","arguments":{"level":"warning","data":"hot"}}"#
          #expect(try client.request("tools/call", call, meta: wanted.map(level) ?? "").code == nil)
          return Array(RelayFixture.notes(client, "notifications/message").dropFirst(before))
        }
        #expect(try log(nil).isEmpty, "\(era)")
        let told = try log("info")
        #expect(told.count == 1 && told.first?.member("logger")?.string == "one.fake", "\(era)")
        #expect(try log("error").isEmpty, "\(era)")
        let refused = try client.request("tools/list", meta: level("loud"))
        #expect(refused.code == -32602)
        try RelayFixture.settle(other, RelayFixture.modern)
        #expect(RelayFixture.notes(other, "notifications/message").isEmpty)
        // The handshake era's method is gone.
        #expect(try client.request("logging/setLevel", #"{"level":"info"}"#).code == -32601)
        try client.finish()
        try other.finish()
      }
    }
  }

  @Test("direct exposure leaves the logger as it is, and a legacy client of a 2026-07-28 server is told too")
  func directLogger() async throws {
    try await DaemonFixture.run(RelayFixture.config("modern")) { daemon in
      try daemon.wait(for: "one")
      let client = try MCPClient(daemon, "--server", "one", "--exposure", "direct")
      try client.open(RelayFixture.legacy)
      _ = try client.call("log", #"{"level":"info","data":1}"#)
      _ = try client.call("log", #"{"level":"debug","data":2}"#)
      _ = try client.request("logging/setLevel", #"{"level":"debug"}"#)
      _ = try client.call("log", #"{"level":"debug","data":3}"#)
      let told = RelayFixture.notes(client, "notifications/message")
      #expect(
        told.map { $0.member("data")?.int } == [1, 3] && told.allSatisfy { $0.member("logger")?.string == "fake" })
      #expect(
        RelayFixture.received(daemon, "setLevel") == 0 && RelayFixture.received(daemon, #"logLevel":"debug""#) == 1)
      try client.finish()
    }
  }
}
