import Glibc
import Protocol
import Testing

/// A hand-over while clients are slow: what is answered meanwhile is neither lost nor carried out a second time.
@Suite("hand-over", .timeLimit(.minutes(5)))
struct HandOverTests {
  private static let config = DaemonConfig(
    servers: [.fake("fake", "--journal", "journal")], members: ["toolTimeoutMs": "60000"])
  private static let ends: [AdoptionTests.End] = [.handedOver, .upgraded]

  private static func call(_ capability: String, _ arguments: String) -> String {
    #"{"name":"capability_call","arguments":{"capability_id":"\#(capability)","args":\#(arguments)}}"#
  }

  private static func text(_ answer: MCPClient.Received) -> String? {
    answer.body?.member("data")?.member("content")?.elements.first { _ in true }?.member("text")?.string
  }

  private static func calls(_ daemon: DaemonFixture, _ tool: String) -> Int {
    daemon.lines(of: "journal").count { $0.contains(#""name":"\#(tool)""#) }
  }

  @Test("an answer that comes while a client keeps the hand-over waiting is there for the next daemon", arguments: ends)
  func answersMeanwhile(end: AdoptionTests.End) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      // Its answer is never read: closing takes as long as it may.
      let stuck = try MCPHTTPClient(daemon)
      try stuck.open()
      try stuck.begin(MCPHTTPClient.call(1, "fake.big", #"{"bytes":8000000}"#))
      try daemon.waitForLog("tool call success")
      let session = try MCPHTTPClient(daemon)
      try session.open()
      let bridge = try MCPClient(daemon, "--no-start")
      try bridge.open("2025-11-25")
      #expect(
        try session.post(MCPHTTPClient.call(2, "fake.sleep", #"{"ms":1000}"#)).header("content-type")
          == "text/event-stream")
      let place = try session.primingID()
      let asked = try bridge.start("tools/call", Self.call("fake.sleep", #"{"ms":700}"#))
      try daemon.waitForLines(2, with: #""sleep""#, in: "journal")

      try AdoptionTests.replace(daemon, end)
      #expect(Self.text(try bridge.answer(asked)) == "slept 700 ms")
      let back = try MCPHTTPClient(session, port: daemon.port)
      #expect(try back.request("GET", ["Accept: text/event-stream", "Last-Event-ID: \(place)"]).status == 200)
      #expect(MCPHTTPClient.text(try back.message()) == "slept 1000 ms")
      #expect(Self.calls(daemon, "sleep") == 2, "nothing ran twice")
      try bridge.finish()
    }
  }

  @Test("a bridge whose client does not read gets what it asked for, once", arguments: ends)
  func slowBridge(end: AdoptionTests.End) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let bridge = try MCPClient(daemon, "--no-start")
      try bridge.open("2025-11-25")
      let asked = try (1...3).map { _ in
        try bridge.start("tools/call", Self.call("fake.big", #"{"bytes":3000000}"#))
      }
      try daemon.eventually("all are answered") { try daemon.log("tool call success").count == 3 ? true : nil }
      try AdoptionTests.replace(daemon, end)
      for id in asked { #expect(Self.text(try bridge.answer(id))?.utf8.count == 3_000_000) }
      #expect(Self.calls(daemon, "big") == 3, "nothing ran twice")
      try bridge.finish()
    }
  }

  @Test("the port of MCP alone stays the same over an upgrade, whichever it is")
  func ownPort() async throws {
    var config = Self.config
    config.members["mcpHttpServer"] = #"{"port":0}"#
    try await DaemonFixture.run(config) { daemon in
      let port = try #require(try daemon.waitForLog("MCP over HTTP listening").member("port")?.int)
      let client = try MCPHTTPClient(daemon, port: port)
      try client.open()
      try AdoptionTests.replace(daemon, .upgraded)
      let back = try MCPHTTPClient(client, port: port)
      #expect(try back.post(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).json.member("result") != nil)
    }
  }

  @Test("a daemon that ends answers what is said in sessions as messages")
  func endingDaemon() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let busy = try MCPHTTPClient(daemon)
      try busy.open()
      // It keeps the daemon for as long as that may take.
      try busy.begin(MCPHTTPClient.call(1, "fake.sleep", #"{"ms":30000}"#))
      try daemon.waitForLines(with: #""sleep""#, in: "journal")
      let client = try MCPHTTPClient(busy, port: daemon.port)
      #expect(try client.post(#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#).status == 200)
      daemon.signal(SIGTERM)
      try daemon.waitForLog("daemon stopping")
      let answer = try client.post(MCPHTTPClient.call(3, "fake.count"))
      #expect(answer.status == 200)
      #expect(answer.json.member("error")?.member("data")?.member("reason")?.string == "stopping", "\(answer.text)")
      #expect(daemon.lines(of: "journal").count { $0.contains(#""name":"count""#) } == 0)
    }
  }
}
