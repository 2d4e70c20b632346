import Glibc
import Protocol
import Testing

/// Sessions over HTTP outlive the daemon: the next one knows them, and has the answers to what was under way.
@Suite("MCP over HTTP: restarts", .timeLimit(.minutes(5)))
struct MCPHTTPRestartTests {
  private static let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal", "--prompts", "1")])
  private static let ping = #"{"jsonrpc":"2.0","id":77,"method":"ping"}"#
  private static let stream = "Accept: text/event-stream"

  @Test(
    "a session goes on, and its answer is there on return", arguments: AdoptionTests.End.allCases,
    ["/mcp", "/mcp/fake?exposure=direct"])
  func callUnderWay(end: AdoptionTests.End, path: String) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon, path: path)
      try client.open()
      let standing = try MCPHTTPClient(client, port: daemon.port)
      #expect(try standing.request("GET", [Self.stream]).status == 200)
      let standingID = try standing.primingID()
      let isDirect = path.contains("direct")
      let call =
        isDirect
        ? #"{"jsonrpc":"2.0","id":"a/1","method":"tools/call","params":{"name":"sleep","arguments":{"ms":3000}}}"#
        : MCPHTTPClient.call(1, "fake.sleep", #"{"ms":3000}"#)
      #expect(try client.post(call).header("content-type") == "text/event-stream")
      let place = try client.primingID()

      try AdoptionTests.replace(daemon, end)
      #expect(try client.event() == nil && standing.event() == nil)
      let back = try MCPHTTPClient(client, port: daemon.port)
      #expect(try back.request("GET", [Self.stream, "Last-Event-ID: \(place)"]).status == 200)
      let message = try back.message()
      if isDirect {
        #expect(message?.member("id")?.string == "a/1")
        let text = message?.member("result")?.member("content")?.elements.first { _ in true }?.member("text")
        #expect(text?.string == "slept 3000 ms")
      } else {
        #expect(MCPHTTPClient.text(message) == "slept 3000 ms")
      }
      #expect(try back.event() == nil)
      #expect(try back.post(Self.ping).status == 200)
      #expect(daemon.lines(of: "journal").count { $0.contains(#""sleep""#) } == 1, "nothing ran twice")
      // What changed while there was no daemon is not known: the client is told to look.
      let again = try MCPHTTPClient(client, port: daemon.port)
      #expect(try again.request("GET", [Self.stream, "Last-Event-ID: \(standingID)"]).status == 200)
      #expect(try again.message()?.member("method")?.string?.hasSuffix("list_changed") == true)
      let row = try daemon.status().member("daemon")?.member("clients")?.elements
        .first { $0.member("kind")?.string == "http" }
      #expect(row?.member("name")?.string == "raw" && row?.member("protocol_era")?.string == "legacy")
    }
  }

  @Test("a session of the port of its own goes on there, and not where the next daemon has no such port")
  func ownPort() async throws {
    var config = Self.config
    config.members["mcpHttpServer"] = #"{"port":0}"#
    let with = config
    try await DaemonFixture.run(with) { daemon in
      func port() throws -> Int { try #require(try daemon.waitForLog("MCP over HTTP listening").member("port")?.int) }
      let client = try MCPHTTPClient(daemon, port: port())
      try client.open()
      try AdoptionTests.replace(daemon, .handedOver)
      #expect(try MCPHTTPClient(client, port: port()).post(Self.ping).status == 200)
      try daemon.write(Self.config)
      try AdoptionTests.replace(daemon, .handedOver)
      #expect(try MCPHTTPClient(client, port: daemon.port).post(Self.ping).status == 404)
      // Nothing of it was kept either.
      try daemon.write(with)
      try AdoptionTests.replace(daemon, .handedOver)
      #expect(try MCPHTTPClient(client, port: port()).post(Self.ping).status == 404)
    }
  }

  @Test("a session exists for the next daemon as soon as its client knows of it")
  func openedJustNow() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      for _ in 1...5 {
        let client = try MCPHTTPClient(daemon)
        let opening =
          #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"#
          + #""clientInfo":{"name":"raw","version":"1"}}}"#
        client.session = try client.post(opening).header("mcp-session-id")
        try AdoptionTests.replace(daemon, .killed)
        let back = try MCPHTTPClient(client, port: daemon.port)
        back.revision = "2025-11-25"
        #expect(try back.post(Self.ping).status == 200)
      }
    }
  }

  @Test("what a client wants to hear of is known to the next daemon")
  func logLevel() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--logging")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon, path: "/mcp/fake?exposure=direct")
      try client.open()
      let level = #"{"jsonrpc":"2.0","id":5,"method":"logging/setLevel","params":{"level":"error"}}"#
      #expect(try client.post(level).status == 200)
      try AdoptionTests.replace(daemon, .killed)
      let back = try MCPHTTPClient(client, port: daemon.port)
      var told: [String?] = []
      for (id, level) in [(6, "warning"), (7, "error")] {
        let arguments = #"{"level":"\#(level)","data":"\#(level)"}"#
        let call = #""method":"tools/call","params":{"name":"log","arguments":\#(arguments)}"#
        let answer = try back.post(#"{"jsonrpc":"2.0","id":\#(id),\#(call)}"#)
        guard answer.header("content-type") == "text/event-stream" else { continue }
        while let message = try back.message() { told.append(message.member("params")?.member("level")?.string) }
      }
      #expect(told.contains("error") && !told.contains("warning"))
    }
  }

  @Test("an answer that nobody fetched survives the daemon that had it")
  func keptAnswer() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      let place = try { () throws -> String in
        let leaving = try MCPHTTPClient(client, port: daemon.port)
        #expect(try leaving.post(MCPHTTPClient.call(1, "fake.sleep", #"{"ms":800}"#)).status == 200)
        return try leaving.primingID()
      }()
      try daemon.waitForLog("tool call success")
      try AdoptionTests.replace(daemon, .killed)
      let back = try MCPHTTPClient(client, port: daemon.port)
      #expect(try back.request("GET", [Self.stream, "Last-Event-ID: \(place)"]).status == 200)
      #expect(MCPHTTPClient.text(try back.message()) == "slept 800 ms")
    }
  }

  @Test("a request that left no trace ends as unknown, and deleted sessions stay deleted")
  func unknown() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      let deleted = try MCPHTTPClient(daemon)
      try client.open()
      try deleted.open()
      let standing = try MCPHTTPClient(client, port: daemon.port)
      #expect(try standing.request("GET", [Self.stream]).status == 200)
      let number = try #require(try standing.primingID().split(separator: ".").first)
      #expect(
        try client.request("GET", [Self.stream, "Last-Event-ID: 1.7.0.i42"]).status == 400, "no daemon had the number")
      #expect(try deleted.request("DELETE").status == 200)
      try AdoptionTests.replace(daemon, .killed)
      let back = try MCPHTTPClient(client, port: daemon.port)
      #expect(try back.request("GET", [Self.stream, "Last-Event-ID: \(number).7.0.i42"]).status == 200)
      let answer = try back.message()
      #expect(answer?.member("id")?.int == 42)
      #expect(answer?.member("error")?.member("data")?.member("reason")?.string == "outcome_unknown")
      #expect(try back.event() == nil)
      #expect(try back.request("GET", [Self.stream, "Last-Event-ID: \(number).7.0"]).status == 400)
      #expect(try back.request("GET", [Self.stream, "Last-Event-ID: 1.7.0.i42"]).status == 400)
      #expect(try MCPHTTPClient(deleted, port: daemon.port).post(Self.ping).status == 404)
      #expect(try back.post(Self.ping).status == 200)
      #expect(try back.request("DELETE").status == 200)
      try AdoptionTests.replace(daemon, .killed)
      #expect(try MCPHTTPClient(client, port: daemon.port).post(Self.ping).status == 404)
    }
  }

  @Test("the official client does not notice that the daemon was killed", arguments: [1, 2])
  func officialClient(sdk: Int) async throws {
    var config = Self.config
    config.members["port"] = "\(try FreePort.find())"
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let peer = try MCPSDKPeer(daemon, sdk: sdk, mode: "legacy", url: "http://127.0.0.1:\(daemon.port)/mcp")
      let call =
        #"{"name":"capability_call","arguments":{"capability_id":"fake.progress","args":{"steps":40,"ms":100}}}"#
      try peer.begin("call_tool", call, hearsProgress: true)
      // Its stream has begun: now it can come back.
      #expect(try peer.result().member("progress")?.int == 1)
      try AdoptionTests.replace(daemon, .killed)
      var heard: [Int] = []
      var answer = try peer.result()
      while let progress = answer.member("progress")?.int {
        heard.append(progress)
        answer = try peer.result()
      }
      #expect("\(String(decoding: answer.bytes, as: UTF8.self))".contains("40 steps done"))
      #expect(heard.last == 40 && heard == heard.sorted(), "it is told of progress by the next daemon")
      let tools = try peer.step("list_tools")
      #expect(tools.member("result")?.member("tools")?.elements.count { _ in true } == 7)
      #expect(daemon.lines(of: "journal").count { $0.contains(#""name":"progress""#) } == 1)
      try peer.finish()
    }
  }
}

/// A TCP port that nobody has at this moment.
enum FreePort {
  static func find() throws -> Int {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(number) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, length) == 0 && getsockname(number, $0, &length) == 0
      }
    }
    guard isBound else { throw DaemonFixture.Failure(description: "no free port: errno \(errno)") }
    return Int(in_port_t(bigEndian: address.sin_port))
  }
}
