import Protocol
import Testing

/// The control socket, and clients on it that do not know, or do not mind, its rules.
@Suite("control socket", .timeLimit(.minutes(5)))
struct SurfaceControlTests {
  private static let config = DaemonConfig(servers: [.fake("fake")])

  /// Whether the daemon serves a new client on both surfaces.
  private static func expectService(_ daemon: DaemonFixture, _ after: String) throws {
    #expect(try daemon.status().member("ok")?.bool == true, "after \(after)")
    #expect(try daemon.call("fake.echo").status == 200, "after \(after)")
  }

  @Test("every operation has the status and body that it has on /v1")
  func sameAnswers() async throws {
    let config = DaemonConfig(servers: [.fake("fake")], members: ["policy": #"{"deny": ["fake.count"]}"#])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let http = try daemon.http()
      let control = try SurfaceControlClient(path: daemon.controlSocket)
      let identity = try control.hello()
      #expect(identity.member("pid")?.int == Int(daemon.pid))
      #expect(identity.member("config")?.string == daemon.configPath)
      func expectSame(_ answer: SurfaceHTTPClient.Answer, _ method: String, _ params: String) throws {
        let result = try control.request(method, params)
        #expect(result.members.compactMap { $0.key.string } == ["status", "body"])
        #expect(result.member("status")?.int == answer.status, "\(method) \(params)")
        let body = result.member("body").map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        func withoutTrace(_ text: String) -> String { text.replacing(/"trace_id":"[0-9a-f]{32}"/, with: "") }
        #expect(withoutTrace(body) == withoutTrace(answer.text), "\(method) \(params)")
      }
      try expectSame(http.get("/v1/capabilities"), "capabilities/list", "{}")
      for id in ["fake.echo", "fake.nothing", "fake.count"] {
        try expectSame(http.get("/v1/capabilities/\(id)"), "capabilities/describe", #"{"id":"\#(id)"}"#)
      }
      for body in [
        SurfaceHTTPClient.callBody("fake.echo", #"{"n":12345678901234567890, "x":1.0}"#, requestID: #""r""#),
        SurfaceHTTPClient.callBody("fake.count"), SurfaceHTTPClient.callBody("fake.nothing"),
        SurfaceHTTPClient.callBody("fake.echo", "[]"), SurfaceHTTPClient.callBody("fake.tool_error"), "{}",
        SurfaceHTTPClient.callBody("fake.rpc_error", #"{"code":1,"message":"m"}"#),
      ] {
        try expectSame(http.post("/v1/tools/call", body), "tools/call", body)
      }
    }
  }

  @Test("what is no frame or no message ends the session that sent it, and nothing else")
  func garbage() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let inputs: [(String, [UInt8])] = [
        ("nothing", []), ("half a header", [0, 0]), ("half a frame", [0, 0, 1, 0] + Array("{\"json".utf8)),
        ("an oversized header", [0xFF, 0xFF, 0xFF, 0xFF]), ("64 MiB and one byte", [4, 0, 0, 1]),
        ("HTTP", Array("GET / HTTP/1.1\r\n\r\n".utf8)), ("an empty frame", [0, 0, 0, 0]),
        ("bytes that are no JSON", [0, 0, 0, 3, 0xFF, 0x00, 0xFE]), ("an array", [0, 0, 0, 2, 0x5B, 0x5D]),
      ]
      for (name, bytes) in inputs {
        let control = try SurfaceControlClient(path: daemon.controlSocket)
        try control.sendBytes(bytes)
        try Self.expectService(daemon, name)
        let said = try SurfaceControlClient(path: daemon.controlSocket)
        try said.hello()
        try said.sendBytes(bytes)
        try Self.expectService(daemon, "hello and \(name)")
      }
      // Those that can be no frame any more are closed at once.
      for bytes: [UInt8] in [[0xFF, 0xFF, 0xFF, 0xFF], [4, 0, 0, 1]] {
        let control = try SurfaceControlClient(path: daemon.controlSocket)
        try control.sendBytes(bytes)
        #expect(control.isClosed())
      }
      try daemon.eventually("only the own session is left") {
        try daemon.status().member("daemon")?.member("clients")?.elements.reduce(0) { count, _ in count + 1 } == 1
          ? true : nil
      }
    }
  }

  @Test("messages that are valid JSON and make no sense are refused, and the session goes on")
  func nonsense() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let control = try SurfaceControlClient(path: daemon.controlSocket)
      try control.send("status")
      let refused = try control.message()
      #expect(refused.member("error")?.member("code")?.int == -32600, "a request before hello")
      try control.hello("null")
      for method in ["nothing", "", "tools/Call", "hello/again"] {
        try control.send(method)
        #expect(try control.message().member("error")?.member("code")?.int == -32601, "\(method)")
      }
      for params in ["{}", "null", "[]", #"{"id":7}"#, #"{"id":null}"#] {
        #expect(try control.request("capabilities/describe", params).member("status")?.int == 400, "\(params)")
      }
      #expect(try control.request("tools/call", "[]").member("status")?.int == 400)
      #expect(try control.request("capabilities/list", #"{"wait":"soon"}"#).member("status")?.int == 200)
      try control.sendFrame(#"{"jsonrpc":"2.0","method":"status"}"#)
      try control.sendFrame(#"{"jsonrpc":"2.0","id":99,"result":{}}"#)
      #expect(try control.request("status").member("status")?.int == 200)
    }
  }

  @Test("three hundred sessions at once neither stop the others nor stay")
  func manySessions() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let before = try daemon.restingDescriptorCount()
      do {
        var sessions: [SurfaceControlClient] = []
        for index in 0..<300 {
          let control = try SurfaceControlClient(path: daemon.controlSocket)
          // Every third one stays silent; those over the limit are closed while they talk.
          if index % 3 != 0 { try? control.send("hello") }
          sessions.append(control)
        }
        #expect(try sessions[1].message().member("result") != nil)
        #expect(try sessions[100].message().member("result") != nil)
        #expect(sessions[299].isClosed())
        #expect(try daemon.call("fake.echo").status == 200)
        #expect(DaemonFixture.descriptorCount(of: daemon.pid) >= before + 200, "the count sees descriptors")
      }
      try daemon.eventually("all are gone") {
        DaemonFixture.descriptorCount(of: daemon.pid) <= before ? true : nil
      }
      try Self.expectService(daemon, "300 sessions")
    }
  }

  @Test("a client that asks and never reads delays nobody")
  func neverReads() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let before = try daemon.restingDescriptorCount()
      do {
        let control = try SurfaceControlClient(path: daemon.controlSocket)
        try control.hello()
        var frame: [UInt8] = []
        Frame.append(Array(#"{"jsonrpc":"2.0","id":1,"method":"capabilities/list"}"#.utf8), to: &frame)
        for _ in 0..<3000 where try control.sendBytes(frame, isWaiting: false) < frame.count { break }
        try Self.expectService(daemon, "requests whose answers nobody reads")
      }
      try daemon.eventually("it is gone") { DaemonFixture.descriptorCount(of: daemon.pid) <= before ? true : nil }
    }
  }

  @Test("the end of a session cancels what runs for it")
  func cancelled() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      do {
        let control = try SurfaceControlClient(path: daemon.controlSocket)
        try control.hello(#"{"kind":"test","name":"a client","version":"2"}"#)
        try control.send("tools/call", SurfaceHTTPClient.callBody("fake.sleep", #"{"ms":60000}"#))
        let status = try daemon.eventually("the call runs") {
          let status = try daemon.status()
          let row = status.member("workers")?.elements.first { _ in true }
          return row?.member("in_flight")?.int == 1 ? status : nil
        }
        let client = status.member("daemon")?.member("clients")?.elements.first {
          $0.member("name")?.string == "a client"
        }
        #expect(client?.member("kind")?.string == "test" && client?.member("in_flight")?.int == 1)
      }
      try daemon.eventually("the upstream was told") { try daemon.call("fake.cancelled").content == "[]" ? nil : true }
    }
  }
}
