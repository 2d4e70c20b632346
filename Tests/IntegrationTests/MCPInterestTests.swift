import Glibc
import Protocol
import Testing

/// Subscriptions of many clients to many resources.
@Suite("MCP: subscriptions of many", .timeLimit(.minutes(5)))
struct MCPInterestTests {
  private static let updated = "notifications/resources/updated"

  private static func subscribe(_ client: MCPClient, _ uri: String) throws -> MCPClient.Received {
    try client.request("resources/subscribe", #"{"uri":"\#(uri)"}"#)
  }

  @Test("a server that does not exist has no resources", arguments: ["compact", "full"])
  func noServer(exposure: String) async throws {
    try await DaemonFixture.run(RelayFixture.config()) { daemon in
      try daemon.wait(for: "one")
      let client = try MCPClient(daemon, "--exposure", exposure)
      try client.open(RelayFixture.legacy)
      for uri in ["warmplane://nope/x", "warmplane://nope/fake%3A%2F%2Fresource%2F1", "nope.fake://resource/1"] {
        #expect(try Self.subscribe(client, uri).code == -32002, "\(uri)")
      }
      try client.finish()
    }
  }

  @Test("more resources of a server than can be asked for are refused, and the others are told")
  func tooMany() async throws {
    try await DaemonFixture.run(RelayFixture.config()) { daemon in
      try daemon.wait(for: "one")
      func listen(_ client: MCPClient, _ numbers: Range<Int>) throws -> [String] {
        let uris = numbers.map { #""fake://item/\#($0)""# }.joined(separator: ",")
        try client.start("subscriptions/listen", #"{"notifications":{"resourceSubscriptions":[\#(uris)]}}"#)
        let acknowledged = try client.notification("notifications/subscriptions/acknowledged").message
        return acknowledged.member("params")?.member("notifications")?.member("resourceSubscriptions")?.strings ?? []
      }
      let clients = try (0..<3).map { _ in try MCPClient(daemon) }
      for client in clients.prefix(2) { try client.open(RelayFixture.modern) }
      #expect(try listen(clients[0], 1000..<1600).count == 600)
      #expect(try listen(clients[1], 1500..<2003).last == "fake://item/1999")
      try clients[2].open(RelayFixture.legacy)
      let refused = try Self.subscribe(clients[2], "fake://item/1")
      #expect(refused.code == -32603 && refused.errorMessage?.contains("\"one\"") == true, "\(refused.message)")
      #expect(try Self.subscribe(clients[2], "fake://item/1999").result != nil)
      try daemon.waitForLines(1000, with: "resources/subscribe", in: "one")
      _ = try clients[2].callCapability("one.touch", #"{"uri":"fake://item/1999"}"#)
      for client in clients.dropFirst() {
        let told = try client.notification(Self.updated).message.member("params")
        #expect(told?.member("uri")?.string == "fake://item/1999")
      }
      for client in clients { try client.finish() }
    }
  }

  @Test("after an interruption each client hears of each of its resources, once", arguments: ["legacy", "modern"])
  func interruption(era: String) async throws {
    // Its URIs have parts.
    let server = DaemonConfig.Server.fake(
      "one", "--era", era, "--journal", "one", "--resources", "2", "--template", "fake://item/{+path}", "--subscribe")
    try await DaemonFixture.run(DaemonConfig(servers: [server])) { daemon in
      let upstream = Int32(try #require(try daemon.wait(for: "one").member("upstream_pid")?.int))
      let uris = ["fake://item/1", "fake://item/1/part", "fake://resource/2"]
      let (first, second) = (try MCPClient(daemon), try MCPClient(daemon))
      for client in [first, second] { try client.open(RelayFixture.legacy) }
      for uri in uris { #expect(try Self.subscribe(first, uri).result != nil, "\(uri)") }
      #expect(try Self.subscribe(second, uris[1]).result != nil)
      try daemon.waitForLines(with: uris[2], in: "one")
      kill(upstream, SIGKILL)
      try daemon.eventually("another upstream") {
        let row = try daemon.worker("one")
        return row.member("state")?.string == "ready" && row.member("upstream_pid")?.int != Int(upstream) ? true : nil
      }
      func told(_ client: MCPClient) throws -> [String] {
        try RelayFixture.settle(client, RelayFixture.legacy)
        return RelayFixture.notes(client, Self.updated).compactMap { $0.member("uri")?.string }.sorted()
      }
      #expect(try told(first) == uris)
      #expect(try told(second) == [uris[1]])
      for client in [first, second] { try client.finish() }
    }
  }

  @Test("what a call changes is heard by those that subscribed before it, however many they are")
  func order() async throws {
    try await DaemonFixture.run(RelayFixture.config()) { daemon in
      try daemon.wait(for: "one")
      let client = try MCPClient(daemon)
      try client.open(RelayFixture.legacy)
      let uris = (0..<400).map { "fake://item/\($0)" + String(repeating: "x", count: 2000) }
      var last = ""
      for uri in uris { last = try client.start("resources/subscribe", #"{"uri":"\#(uri)"}"#) }
      _ = try client.answer(last)
      try daemon.waitForLines(400, with: "resources/subscribe", in: "one")
      for uri in ["fake://item/a", "fake://item/b", "fake://item/c"] {
        #expect(try Self.subscribe(client, uri).result != nil)
        _ = try client.callCapability("one.touch", #"{"uri":"\#(uri)"}"#)
        let told = try client.notification(Self.updated).message.member("params")
        #expect(told?.member("uri")?.string == uri)
      }
      try client.finish()
    }
  }

  @Test("a wish that was refused does not take the place of the one before it")
  func refusedWish() async throws {
    try await DaemonFixture.run(RelayFixture.config()) { daemon in
      try daemon.wait(for: "one")
      let client = try MCPClient(daemon, "--no-start")
      try client.open(RelayFixture.legacy)
      #expect(try client.request("logging/setLevel", #"{"level":"debug"}"#).result != nil)
      #expect(try client.request("logging/setLevel", #"{"level":"loud"}"#).code == -32602)
      try AdoptionTests.replace(daemon, .killed)
      try daemon.wait(for: "one")
      _ = try client.callCapability("one.log", #"{"level":"debug","data":1}"#)
      try client.notification("notifications/message")
      try client.finish()
    }
  }

  @Test("the next daemon knows what a session over HTTP subscribed, and what not any more")
  func nextDaemon() async throws {
    try await DaemonFixture.run(RelayFixture.config()) { daemon in
      try daemon.wait(for: "one")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      func ask(_ method: String, _ uri: String) throws {
        let body = #"{"jsonrpc":"2.0","id":1,"method":"resources/\#(method)","params":{"uri":"\#(uri)"}}"#
        #expect(try client.post(body).json.member("result") != nil, "\(method) \(uri)")
      }
      for number in 1...3 { try ask("subscribe", "fake://item/\(number)") }
      try ask("unsubscribe", "fake://item/1")
      // The same resource by another name, which counts from then on.
      try ask("subscribe", "one.fake://item/2")
      try AdoptionTests.replace(daemon, .killed)
      try daemon.wait(for: "one")
      let back = try MCPHTTPClient(client, port: daemon.port)
      #expect(try back.request("GET", ["Accept: text/event-stream"]).status == 200)
      let caller = try MCPHTTPClient(client, port: daemon.port)
      for number in 1...3 {
        #expect(
          try caller.post(MCPHTTPClient.call(number, "one.touch", #"{"uri":"fake://item/\#(number)"}"#)).status == 200)
      }
      // In no order: the new daemon tells of each, too, because nobody knows what the last one missed.
      var told: [String] = []
      while told.count < 2, let message = try back.message() {
        guard message.member("method")?.string == Self.updated else { continue }
        told.append(message.member("params")?.member("uri")?.string ?? "")
      }
      #expect(Set(told) == ["one.fake://item/2", "fake://item/3"])
    }
  }
}
