import Glibc
import Protocol
import Testing

/// Event streams of MCP over HTTP: what is told, who cancels what by leaving, and what a client finds when it returns.
@Suite("MCP over HTTP: streams", .timeLimit(.minutes(5)))
struct MCPHTTPStreamTests {
  private static let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal", "--prompts", "1")])

  private static func sleep(_ id: Int, _ milliseconds: Int) -> String {
    MCPHTTPClient.call(id, "fake.sleep", #"{"ms":\#(milliseconds)}"#)
  }

  private static func modernSleep(_ id: Int, _ milliseconds: Int) -> (String, [String]) {
    MCPHTTPClient.modern(
      id, "tools/call",
      #""name":"capability_call","arguments":{"capability_id":"fake.sleep","args":{"ms":\#(milliseconds)}}"#,
      name: "capability_call")
  }

  @Test("a slow answer is primed from 2025-11-25 on", arguments: ["2025-03-26", "2025-06-18", "2025-11-25"])
  func priming(revision: String) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open(revision)
      let answer = try client.post(Self.sleep(1, 500))
      guard revision == "2025-11-25" else {
        #expect(answer.header("content-type") == "application/json")
        #expect(MCPHTTPClient.text(answer.json) == "slept 500 ms")
        return
      }
      #expect(answer.header("content-type") == "text/event-stream")
      #expect(answer.header("cache-control") == "no-cache, no-transform" && answer.header("x-accel-buffering") == "no")
      let first = try client.event()
      #expect(first?.data == "" && first?.id?.hasSuffix(".0.i1") == true)
      let message = try client.event()
      #expect(MCPHTTPClient.text(message?.json) == "slept 500 ms")
      #expect(message?.id?.hasSuffix(".1.i1") == true)
      #expect(try client.event() == nil)
      #expect(try client.post(#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#).status == 200, "the connection lives on")
    }
  }

  @Test("who takes JSON only gets JSON, who takes a stream only a stream")
  func forms() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      let json = try client.post(Self.sleep(1, 400), ["Accept: application/json"])
      #expect(MCPHTTPClient.text(json.json) == "slept 400 ms")
      let stream = try client.post(#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#, ["Accept: text/event-stream"])
      #expect(stream.header("content-type") == "text/event-stream")
      #expect(try client.message()?.member("id")?.int == 2)
      #expect(try client.event() == nil)
    }
  }

  @Test("leaving a session's request cancels nothing, and the answer is there on return", arguments: [0, 1])
  func legacyReturn(isLate: Int) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      let stream = try { () throws -> String in
        let leaving = try MCPHTTPClient(client, port: daemon.port)
        #expect(try leaving.post(Self.sleep(1, 1500)).status == 200)
        return try leaving.primingID()
      }()
      if isLate == 1 { try daemon.waitForLog("tool call success") }
      let back = try MCPHTTPClient(client, port: daemon.port)
      #expect(try back.request("GET", ["Accept: text/event-stream", "Last-Event-ID: \(stream)"]).status == 200)
      #expect(MCPHTTPClient.text(try back.message()) == "slept 1500 ms")
      #expect(try back.event() == nil)
      // And once more: it may have been lost again.
      #expect(try back.request("GET", ["Accept: text/event-stream", "Last-Event-ID: \(stream)"]).status == 200)
      #expect(MCPHTTPClient.text(try back.message()) == "slept 1500 ms")
      #expect(try back.event() == nil)
      #expect(!daemon.lines(of: "journal").contains { $0.contains("notifications/cancelled") })
      for id in ["nonsense", "1.2.3", "\(stream)0", "1.7.0.ix"] {
        let answer = try back.request("GET", ["Accept: text/event-stream", "Last-Event-ID: \(id)"])
        #expect(answer.status == 400, "\(id): \(answer.head)")
        #expect(
          try MCPHTTPClient(client, port: daemon.port).post(#"{"jsonrpc":"2.0","id":9,"method":"ping"}"#).status == 200)
      }
    }
  }

  @Test("leaving a request of 2026-07-28 cancels it at the server", arguments: [true, false])
  func modernCancel(isStream: Bool) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let (body, headers) = Self.modernSleep(1, 60_000)
      do {
        let leaving = try MCPHTTPClient(daemon)
        try leaving.begin(body, headers + (isStream ? [] : ["Accept: application/json"]))
        try daemon.waitForLines(with: #""sleep""#, in: "journal")
        let row = try daemon.status().member("daemon")?.member("clients")?.elements
          .first { $0.member("kind")?.string == "http" }
        #expect(row?.member("in_flight")?.int == 1 && row?.member("protocol_era")?.string == "modern")
      }
      try daemon.waitForLines(with: "notifications/cancelled", in: "journal")
      try daemon.eventually("nothing is in flight") { try daemon.figure("in_flight", of: "fake") == 0 ? true : nil }
      let clients = try daemon.status().member("daemon")?.member("clients")?.elements
        .filter { $0.member("kind")?.string == "http" }
      #expect(clients?.isEmpty == true)
    }
  }

  @Test("notifications/cancelled ends a session's request with an error, whether a stream has begun or not")
  func legacyCancel() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      #expect(try client.post(Self.sleep(1, 60_000)).status == 200)
      let other = try MCPHTTPClient(client, port: daemon.port)
      let cancel = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#
      #expect(try other.post(cancel).status == 202)
      let end = try client.message()
      #expect(end?.member("error")?.member("code")?.int == -32800 && end?.member("id")?.int == 1)
      #expect(try client.message() == nil)
      try daemon.waitForLines(with: "notifications/cancelled", in: "journal")
      // Accepted as JSON only, no stream begins.
      try client.begin(Self.sleep(3, 60_000), ["Accept: application/json"])
      try daemon.waitForCalls(2, in: "journal")
      #expect(try other.post(cancel.replacing(#""requestId":1"#, with: #""requestId":3"#)).status == 202)
      let answer = try client.answer()
      #expect(answer.status == 200 && answer.json.member("error")?.member("code")?.int == -32800)
      // Another session's id means nothing here.
      let stranger = try MCPHTTPClient(daemon)
      try stranger.open()
      try client.begin(Self.sleep(2, 600))
      try daemon.waitForCalls(3, in: "journal")
      let foreign = cancel.replacing(#""requestId":1"#, with: #""requestId":2"#)
      #expect(try stranger.post(foreign).status == 202)
      #expect(try client.answer().status == 200)
      #expect(MCPHTTPClient.text(try client.message()) == "slept 600 ms")
    }
  }

  @Test("DELETE ends what runs for the session")
  func delete() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      let standing = try MCPHTTPClient(client, port: daemon.port)
      #expect(try standing.request("GET", ["Accept: text/event-stream"]).status == 200)
      #expect(try client.post(Self.sleep(1, 60_000)).status == 200)
      #expect(try MCPHTTPClient(client, port: daemon.port).request("DELETE").status == 200)
      try daemon.waitForLines(with: "notifications/cancelled", in: "journal")
      #expect(try client.message() == nil && standing.message() == nil)
    }
  }

  @Test("changes of lists come on the session's own stream, of which there is one")
  func standing() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      let standing = try MCPHTTPClient(client, port: daemon.port)
      #expect(try standing.request("GET", ["Accept: text/event-stream"]).status == 200)
      #expect(try client.request("GET", ["Accept: text/event-stream"]).status == 409)
      #expect(try client.request("GET", ["Accept: application/json"]).status == 406)
      let modern = try MCPHTTPClient(daemon)
      let (body, headers) = MCPHTTPClient.modern(
        5, "subscriptions/listen", #""notifications":{"promptsListChanged":true,"toolsListChanged":true}"#)
      #expect(try modern.post(body, headers).header("content-type") == "text/event-stream")
      let acknowledged = try modern.message()
      #expect(acknowledged?.member("method")?.string == "notifications/subscriptions/acknowledged")

      var config = Self.config
      config.members["policy"] = #"{"deny":["fake.prompt_1"]}"#
      try daemon.write(config)
      #expect(try daemon.runWarmplane(["reload", "--config", daemon.configPath]).exit == .code(0))
      #expect(try standing.message()?.member("method")?.string == "notifications/prompts/list_changed")
      let change = try modern.message()
      #expect(change?.member("method")?.string == "notifications/prompts/list_changed")
      #expect(
        change?.member("params")?.member("_meta")?.member("io.modelcontextprotocol/subscriptionId")?.int == 5)

      // A graceful end: the listener is told, the session is not.
      daemon.signal(SIGTERM)
      let end = try modern.message()
      #expect(end?.member("id")?.int == 5)
      #expect(end?.member("result")?.member("resultType")?.string == "complete")
      #expect(try modern.event() == nil && standing.event() == nil)
      try daemon.waitForExit()
    }
  }

  @Test("what was said to a session without a stream is there when it opens one")
  func waiting() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      // Another session, which tells when the change was told.
      let other = try MCPHTTPClient(daemon)
      try other.open()
      #expect(try other.request("GET", ["Accept: text/event-stream"]).status == 200)
      var config = Self.config
      config.members["policy"] = #"{"deny":["fake.prompt_1"]}"#
      try daemon.write(config)
      #expect(try daemon.runWarmplane(["reload", "--config", daemon.configPath]).exit == .code(0))
      #expect(try other.message()?.member("method")?.string == "notifications/prompts/list_changed")
      #expect(try client.request("GET", ["Accept: text/event-stream"]).status == 200)
      #expect(try client.message()?.member("method")?.string == "notifications/prompts/list_changed")
    }
  }

  @Test("quiet streams get comments")
  func keepAlive() async throws {
    var config = Self.config
    config.members["mcp"] = #"{"sseKeepAliveMs":100}"#
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPHTTPClient(daemon)
      try client.open()
      #expect(try client.request("GET", ["Accept: text/event-stream"]).status == 200)
      var text = ""
      while text.components(of: ": keep-alive\n\n") < 3 {
        text += String(decoding: try #require(try client.http.chunk()), as: UTF8.self)
      }
    }
  }

  @Test("idle sessions end, those with a stream do not")
  func idle() async throws {
    var config = Self.config
    config.members["mcp"] = #"{"sessionIdleSeconds":1,"maxSessions":2}"#
    try await DaemonFixture.run(config) { daemon in
      let idle = try MCPHTTPClient(daemon)
      let busy = try MCPHTTPClient(daemon)
      try idle.open()
      try busy.open()
      let full = try MCPHTTPClient(daemon)
      #expect(try full.open().status == 503)
      #expect(try busy.request("GET", ["Accept: text/event-stream"]).status == 200)
      let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
      try daemon.eventually("there is room again") { try full.open().status == 200 ? true : nil }
      #expect(try idle.post(ping).status == 404)
      #expect(try MCPHTTPClient(busy, port: daemon.port).post(ping).status == 200)
    }
  }
}

extension MCPHTTPClient {
  /// The id of the event that only gives one.
  func primingID() throws -> String {
    var text = ""
    while !text.contains("\n\n") { text += String(decoding: try http.chunk() ?? [], as: UTF8.self) }
    let line = text.split(separator: "\n").first { $0.hasPrefix("id: ") }
    return String(line?.dropFirst(4) ?? "none")
  }
}

extension String {
  /// How often `part` occurs.
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
