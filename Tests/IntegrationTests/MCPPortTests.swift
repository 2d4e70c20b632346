import Glibc
import Protocol
import Testing

/// Where MCP is served over HTTP, and what becomes of its clients when a reload says otherwise.
@Suite("places of MCP over HTTP", .timeLimit(.minutes(5)))
struct MCPPortTests {
  private static let list = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#
  private static let profiles = #"{"one":{"servers":["demo"]},"two":{"servers":["fake"]}}"#
  private static let servers = [DaemonConfig.Server.fake("fake"), .demo("demo")]

  private static func config(_ members: [String: String] = [:]) -> DaemonConfig {
    DaemonConfig(servers: servers, members: ["profiles": profiles].merging(members) { $1 })
  }

  /// Applies a configuration; the warnings.
  @discardableResult
  private static func reload(_ daemon: DaemonFixture, _ config: DaemonConfig) throws -> [String] {
    try daemon.write(config)
    let result = try daemon.warmplane("reload")
    #expect(result.exit == .code(0), "\(result.error)")
    let body = try JSONSlice(validating: Array(result.output.utf8))
    return body.member("warnings")?.elements.compactMap { $0.string } ?? []
  }

  private static func own(_ daemon: DaemonFixture) throws -> JSONSlice? { try daemon.status().member("daemon") }

  /// The port of MCP's own, and its address.
  private static func place(_ daemon: DaemonFixture) throws -> (address: String, port: Int)? {
    guard let text = try own(daemon)?.member("mcp_http")?.string else { return nil }
    return (text, text.split(separator: ":").last.flatMap { Int($0) } ?? 0)
  }

  private static func status(_ daemon: DaemonFixture, _ path: String, port: Int) throws -> Int {
    let (body, headers) = MCPHTTPClient.modern(1, "tools/list")
    return try MCPHTTPClient(daemon, path: path, port: port).post(body, headers).status
  }

  private static func isRefused(_ port: Int) -> Bool { (try? SurfaceHTTPClient(port: port)) == nil }

  /// A session with its stream.
  private static func stand(
    _ daemon: DaemonFixture, _ path: String, port: Int
  ) throws -> (client: MCPHTTPClient, stream: MCPHTTPClient) {
    let client = try MCPHTTPClient(daemon, path: path, port: port)
    try client.open()
    let stream = try MCPHTTPClient(client, port: port)
    #expect(try stream.request("GET", ["Accept: text/event-stream"]).status == 200)
    return (client, stream)
  }

  private static func sessions(_ daemon: DaemonFixture) throws -> Int {
    try own(daemon)?.member("clients")?.elements.count { $0.member("kind")?.string == "http" } ?? 0
  }

  @Test("a reload opens the port of its own, moves it with its sessions, and closes it with them")
  func reload() async throws {
    try await DaemonFixture.run(Self.config()) { daemon in
      try daemon.wait(for: "demo")
      #expect(try Self.own(daemon)?.member("mcp_http")?.isNull == true)
      #expect(try Self.reload(daemon, Self.config(["mcpHttpServer": #"{"port":0}"#])) == [])
      let first = try #require(try Self.place(daemon))
      #expect(first.address == "http://127.0.0.1:\(first.port)")
      // A reload of something else leaves it alone.
      let session = try Self.stand(daemon, "/mcp", port: first.port)
      #expect(try Self.reload(daemon, Self.config(["mcpHttpServer": #"{"port":0,"jsonResponse":true}"#])) == [])
      #expect(try Self.place(daemon)?.port == first.port)
      #expect(try session.client.post(Self.list).status == 200)
      // As does one that says which port that is.
      #expect(try Self.reload(daemon, Self.config(["mcpHttpServer": #"{"port":\#(first.port)}"#])) == [])
      #expect(try session.client.post(Self.list).status == 200)

      #expect(try Self.reload(daemon, Self.config(["mcpHttpServer": #"{"port":0,"bind":"127.0.0.2"}"#])) == [])
      let second = try #require(try Self.place(daemon))
      #expect(second.address == "http://127.0.0.2:\(second.port)")
      try daemon.eventually("nobody listens at the earlier port") { Self.isRefused(first.port) ? true : nil }
      while try session.stream.event() != nil {}
      let there = try MCPHTTPClient(session.client, port: second.port, host: 0x7F00_0002)
      #expect(try there.post(Self.list).status == 200)

      let stream = try MCPHTTPClient(session.client, port: second.port, host: 0x7F00_0002)
      #expect(try stream.request("GET", ["Accept: text/event-stream"]).status == 200)
      #expect(try Self.reload(daemon, Self.config()) == [])
      #expect(try Self.own(daemon)?.member("mcp_http")?.isNull == true)
      #expect(try Self.sessions(daemon) == 0)
      while try stream.event() != nil {}
      try daemon.eventually("nobody listens at the port") {
        (try? SurfaceHTTPClient(port: second.port, host: 0x7F00_0002)) == nil ? true : nil
      }
      #expect(try daemon.log("MCP over HTTP listening").count == 2)
      #expect(try daemon.log("MCP over HTTP closed").count == 2)
    }
  }

  @Test("a port that closes lets calls end, and shows nothing more")
  func closing() async throws {
    try await DaemonFixture.run(Self.config(["mcpHttpServer": #"{"port":0,"profile":"two"}"#])) { daemon in
      try daemon.wait(for: "fake")
      let port = try #require(try Self.place(daemon)).port
      let kept = try MCPHTTPClient(daemon, path: "/", port: port)
      let (list, headers) = MCPHTTPClient.modern(
        2, "tools/call", #""name":"capabilities_list","arguments":{}"#, name: "capabilities_list")
      let before = try kept.post(list, headers)
      #expect(before.text.contains("fake.echo") && !before.text.contains("demo."))
      let caller = try MCPHTTPClient(daemon, port: port)
      let parameters = #""name":"capability_call","arguments":{"capability_id":"fake.sleep","args":{"ms":500}}"#
      let (call, callHeaders) = MCPHTTPClient.modern(1, "tools/call", parameters, name: "capability_call")
      try caller.begin(call, callHeaders)
      try daemon.waitForLog("tool call start")
      #expect(try Self.reload(daemon, Self.config()) == [])
      // Its connection may be closed, too.
      let after = try? kept.post(list, headers)
      #expect(after == nil || after?.status == 404, "\(after?.text ?? "")")
      let v1 = try? kept.http.get("/v1/capabilities")
      #expect(v1 == nil || v1?.status == 404, "\(v1?.text ?? "")")
      let answer = try caller.answer()
      #expect(answer.status == 200 && MCPHTTPClient.text(answer.json) == "slept 500 ms")
    }
  }

  @Test("a port that cannot be had is a warning, told by status, and tried again")
  func taken() async throws {
    let taken = try TakenPort()
    let number = taken.port
    try await DaemonFixture.run(Self.config()) { daemon in
      let other = try TakenPort()
      let config = Self.config(["mcpHttpServer": #"{"port":\#(other.port)}"#])
      let problem = "port \(other.port) of 127.0.0.1 is in use by another program"
      #expect(try Self.reload(daemon, config) == ["MCP over HTTP has no port of its own: \(problem)"])
      #expect(try Self.own(daemon)?.member("mcp_http_error")?.string == problem)
      #expect(try daemon.log("MCP over HTTP could not open").last?.member("detail")?.string == problem)
      #expect(try daemon.warmplane("status").output.contains("! MCP over HTTP could not open: port \(other.port)"))
      other.release()
      #expect(try Self.reload(daemon, config) == [])
      #expect(try Self.own(daemon)?.member("mcp_http_error") == nil)
      #expect(try daemon.warmplane("status").output.contains("  mcp     http://127.0.0.1:\(other.port)/mcp\n"))
      // The old place is given up even if there is no new one.
      #expect(try Self.reload(daemon, Self.config(["mcpHttpServer": #"{"port":\#(number)}"#])).count == 1)
      try daemon.eventually("nobody listens at the earlier port") { Self.isRefused(other.port) ? true : nil }
    }
    taken.release()
  }

  @Test("a port with a profile shows that and nothing else, and a reload that names another ends its sessions")
  func profile() async throws {
    try await DaemonFixture.run(Self.config(["mcpHttpServer": #"{"port":0,"profile":"one"}"#])) { daemon in
      let port = try #require(try Self.place(daemon)).port
      for path in ["/", "/mcp", "/mcp/@one"] {
        #expect(try Self.status(daemon, path, port: port) == 200, "\(path)")
      }
      for path in ["/mcp/@two", "/mcp/fake", "/mcp/demo", "/mcp/@nope"] {
        #expect(try Self.status(daemon, path, port: port) == 404, "\(path)")
      }
      for path in ["/mcp", "/mcp/@two", "/mcp/fake"] {
        #expect(try Self.status(daemon, path, port: daemon.port) == 200, "\(path)")
      }
      let session = try Self.stand(daemon, "/mcp", port: port)
      let elsewhere = try Self.stand(daemon, "/mcp/@one", port: daemon.port)
      try Self.reload(daemon, Self.config(["mcpHttpServer": #"{"port":0,"profile":"two"}"#]))
      while try session.stream.event() != nil {}
      #expect(try session.client.post(Self.list).status == 404)
      #expect(try Self.status(daemon, "/mcp/@one", port: port) == 404)
      #expect(try elsewhere.client.post(Self.list).status == 200)
    }
  }

  @Test("sessions of what a reload takes away end", arguments: ["profile", "server", "http"])
  func gone(what: String) async throws {
    try await DaemonFixture.run(Self.config()) { daemon in
      // Nothing changes by itself any more.
      for server in ["fake", "demo"] { try daemon.wait(for: server) }
      let path = ["profile": "/mcp/@one", "server": "/mcp/demo", "http": "/mcp"][what]!
      let session = try Self.stand(daemon, path, port: daemon.port)
      let other = try Self.stand(daemon, "/mcp/@two", port: daemon.port)
      let listener = try MCPHTTPClient(daemon, path: path)
      let (listen, headers) = MCPHTTPClient.modern(
        7, "subscriptions/listen", #""notifications":{"promptsListChanged":true}"#)
      try listener.begin(listen, headers)
      #expect(try listener.answer().status == 200)
      #expect(try listener.message()?.member("method")?.string == "notifications/subscriptions/acknowledged")
      var config = Self.config()
      switch what {
      case "profile": config.members["profiles"] = #"{"two":{"servers":["fake"]}}"#
      case "server": config.servers = [.fake("fake")]
      default: config.members["mcp"] = #"{"http":false}"#
      }
      try Self.reload(daemon, config)
      while try session.stream.event() != nil {}
      #expect(try listener.message()?.member("id")?.int == 7)
      #expect(try listener.message() == nil)
      #expect(try Self.sessions(daemon) == (what == "http" ? 0 : 1))
      let refusal = try session.client.post(Self.list)
      #expect(refusal.status == 404)
      if what == "http" {
        #expect(refusal.error?.member("message")?.string?.contains("mcp.http") == true, "\(refusal.text)")
      } else {
        #expect(try other.client.post(Self.list).status == 200)
      }
      // What was kept of it is gone, too: it does not come back with the path.
      try Self.reload(daemon, Self.config())
      #expect(try session.client.post(Self.list).status == 404)
      try daemon.stop()
      try daemon.start()
      let again = try MCPHTTPClient(session.client, port: daemon.port)
      #expect(try again.post(Self.list).status == 404)
      // Nothing of the test's own making goes over the end of the daemon.
      withExtendedLifetime(other) {}
    }
  }

  @Test("the endpoints of 2024-11-05 have scopes, and end with mcp.sse")
  func events() async throws {
    try await DaemonFixture.run(Self.config(["mcp": #"{"sse":true}"#])) { daemon in
      try daemon.wait(for: "demo")
      for path in ["/sse/@one", "/sse/demo"] {
        let stream = try MCPHTTPClient(daemon, path: path)
        #expect(try stream.request("GET", ["Accept: text/event-stream"]).status == 200)
        let client = try MCPHTTPClient(daemon, path: try #require(try stream.event()).data)
        for body in [
          #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"#
            + #""clientInfo":{"name":"raw","version":"1"}}}"#,
          #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
          #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"capabilities_list","arguments":{}}}"#,
        ] {
          #expect(try client.post(body).status == 202)
        }
        #expect(try stream.message()?.member("id")?.int == 1)
        let answer = try #require(try stream.message())
        let text = String(decoding: answer.bytes, as: UTF8.self)
        #expect(text.contains("demo.add") && !text.contains("fake"), "\(text)")
        try Self.reload(daemon, Self.config())
        #expect(try stream.message() == nil)
        #expect(try client.post(Self.list).status == 404)
        try Self.reload(daemon, Self.config(["mcp": #"{"sse":true}"#]))
      }
      #expect(try MCPHTTPClient(daemon, path: "/sse/@nope").request("GET", [MCPHTTPClient.both]).status == 404)
    }
  }

  @Test("mcp-http-server does without /v1 when its port is taken")
  func busy() async throws {
    try await DaemonFixture.run(Self.config(), isStarted: false) { daemon in
      let taken = try TakenPort()
      try daemon.write(Self.config(["port": "\(taken.port)"]))
      try daemon.start(as: ["mcp-http-server", "-p", "0"])
      let place = try #require(try Self.place(daemon))
      #expect(try Self.status(daemon, "/mcp", port: place.port) == 200)
      let own = try Self.own(daemon)
      #expect(own?.member("http")?.isNull == true)
      #expect(own?.member("http_error")?.string?.contains("\(taken.port)") == true)
    }
  }

  @Test("flags of mcp-http-server are checked as the file is, and win over it")
  func flags() async throws {
    try await DaemonFixture.run(Self.config(), isStarted: false) { daemon in
      func run(_ arguments: String...) throws -> (exit: DaemonFixture.Exit, output: String, error: String) {
        try daemon.runWarmplane(["mcp-http-server", "--config", daemon.configPath] + arguments)
      }
      let unknown = try run("--profile", "onne")
      #expect(unknown.exit == .code(1))
      #expect(
        unknown.error.contains(#"the config file has no profile "onne"; did you mean "one"?"#), "\(unknown.error)")
      let taken = try TakenPort()
      try daemon.write(Self.config(["port": "\(taken.port)"]))
      let same = try run("-p", "\(taken.port)")
      #expect(same.exit == .code(1) && same.error.contains("is that of /v1"), "\(same.error)")

      try daemon.write(Self.config(["mcpHttpServer": #"{"port":\#(taken.port),"profile":"two"}"#]))
      try daemon.start(as: ["mcp-http-server", "-p", "0", "--bind", "0.0.0.0", "--profile", "one"])
      let place = try #require(try Self.place(daemon))
      #expect(place.address == "http://0.0.0.0:\(place.port)")
      let messages = try daemon.log().compactMap { $0.member("fields")?.member("message")?.string }
      #expect(messages.contains("--bind 0.0.0.0 is not a loopback address, and requests are not authenticated"))
      #expect(try Self.status(daemon, "/mcp/@one", port: place.port) == 200)
      #expect(try Self.status(daemon, "/mcp/@two", port: place.port) == 404)
      // After a reload, too; without the profile it shows nothing, and says so.
      let warnings = try Self.reload(daemon, Self.config(["profiles": #"{"two":{"servers":["fake"]}}"#]))
      #expect(warnings.contains { $0.contains(#"the config file has no profile "one""#) }, "\(warnings)")
      #expect(try Self.place(daemon)?.port == place.port)
      for path in ["/", "/mcp", "/mcp/@two", "/mcp/fake"] {
        #expect(try Self.status(daemon, path, port: place.port) == 404, "\(path)")
      }
    }
  }

  @Test("the parameter exposure is a matter of MCP's paths alone")
  func foreignParameter() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [])) { daemon in
      let http = try daemon.http()
      #expect(try http.get("/v1/capabilities?exposure=%zz").status == 200)
      #expect(try http.get("/v1/none?exposure=%zz").reason == "unknown_route")
      #expect(try MCPHTTPClient(daemon, path: "/mcp?exposure=%zz").post(Self.list).status == 400)
    }
  }
}
