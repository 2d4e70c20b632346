import Glibc
import Platform
import Protocol
import Testing

/// What clients asked for that left before anybody could carry it out.
@Suite("MCP: clients that left", .timeLimit(.minutes(5)))
struct MCPGoneClientTests {
  @Test("a request that waits for first starts is not carried out for a client that left, or took it back")
  func firstStart() async throws {
    let server = DaemonConfig.Server.fake("one", "--slow-start", "1500", "--prompts", "1", "--journal", "journal")
    try await DaemonFixture.run(DaemonConfig(servers: [server])) { daemon in
      // By its own name, which tells nothing of its server.
      let (body, headers) = MCPHTTPClient.modern(
        1, "prompts/get", #""name":"prompt_1","arguments":{"topic":"t"}"#, name: "prompt_1")
      do {
        let leaving = try MCPHTTPClient(daemon)
        try leaving.begin(body, headers)
        try daemon.eventually("the request is there") { try Self.clients(daemon) == 1 ? true : nil }
      }
      try daemon.eventually("its client is gone") { try Self.clients(daemon) == 0 ? true : nil }
      let bridge = try MCPClient(daemon)
      try bridge.open(RelayFixture.legacy)
      let id = try bridge.start("prompts/get", #"{"name":"prompt_1"}"#)
      try bridge.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#)
      try RelayFixture.settle(bridge, RelayFixture.legacy)
      #expect(try daemon.worker("one").member("state")?.string != "ready", "the test was too slow to test anything")
      try daemon.wait(for: "one")
      let staying = try MCPHTTPClient(daemon)
      let answer = try staying.post(body, headers)
      #expect(answer.json.member("result") != nil, "\(answer.text)")
      #expect(daemon.lines(of: "journal").count { $0.contains("prompts/get") } == 1)
      try bridge.finish()
    }
  }

  /// HTTP requests without a session that are under way.
  private static func clients(_ daemon: DaemonFixture) throws -> Int {
    let rows = try #require(try daemon.status().member("daemon")?.member("clients")?.elements)
    return rows.filter { $0.member("kind")?.string == "http" }.compactMap { $0.member("in_flight")?.int }.reduce(0, +)
  }

  @Test("a connection that broke again takes no answer away from the next one")
  func secondReturn() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      let worker = Int32(try #require(try daemon.wait(for: "fake").member("worker_pid")?.int))
      let request =
        #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"capability_call","arguments":"#
        + #"{"capability_id":"fake.sleep","args":{"ms":1000}},\#(MCPHTTPClient.meta)}}"#
      func attach() throws -> SurfaceControlClient {
        let client = try SurfaceControlClient(path: daemon.controlSocket)
        try client.hello(#"{"kind":"mcp","client":"c1"}"#)
        return client
      }
      let first = try attach()
      let moment = MonotonicTime.now.nanoseconds
      try first.sendFrame(request)
      try daemon.waitForCalls(in: "journal")
      // It does not tell the next daemon what it has before that was asked twice.
      kill(worker, SIGSTOP)
      defer { kill(worker, SIGCONT) }
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
      func ask() throws -> SurfaceControlClient {
        let client = try attach()
        try client.sendFrame(
          #"{"jsonrpc":"2.0","method":"warmplane/reask","params":{"id":7,"askedAt":\#(moment)}}"#)
        try client.sendFrame(request)
        try client.sendFrame(#"{"jsonrpc":"2.0","id":8,"method":"server/discover","params":{\#(MCPHTTPClient.meta)}}"#)
        #expect(try client.message().member("id")?.int == 8)
        return client
      }
      _ = try ask()
      let second = try ask()
      kill(worker, SIGCONT)
      let answer = try second.message()
      #expect(answer.member("id")?.int == 7)
      #expect(MCPHTTPClient.text(answer) == "slept 1000 ms", "\(answer.json)")
      #expect(daemon.lines(of: "journal").count { $0.contains(#""sleep""#) } == 1)
    }
  }
}
