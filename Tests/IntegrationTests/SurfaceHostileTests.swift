import Protocol
import Testing

/// Requests that are meant to do harm, or are merely odd. After each the daemon serves the next client.
@Suite("hostile HTTP", .timeLimit(.minutes(5)))
struct SurfaceHostileTests {
  private static let config = DaemonConfig(servers: [.fake("fake")])
  private static let json = "Content-Type: application/json"

  @Test("a body of 5 MiB is read to its end and answered 413, and the connection stays usable")
  func tooLarge() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let body = [UInt8](repeating: 0x20, count: 5 << 20)
      let http = try daemon.http()
      // As Python's http.client does it: the head, the whole body, and only then a look at the answer.
      try http.send(
        SurfaceHTTPClient.bytes("POST", "/v1/tools/call", headers: [Self.json, "Content-Length: \(body.count)"]))
      try http.send(body)
      let answer = try http.answer()
      #expect(answer.status == 413 && answer.code == "INVALID_ARGS" && answer.reason == "body_too_large", "\(answer)")
      #expect(answer.isRetryable == false)
      #expect(try http.call("fake.echo").status == 200)

      // The same in chunks, whose sum nobody announces.
      let chunk = [UInt8](repeating: 0x20, count: 1 << 20)
      try http.send(
        SurfaceHTTPClient.bytes("POST", "/v1/tools/call", headers: [Self.json, "Transfer-Encoding: chunked"]))
      for _ in 0..<5 { try http.send(Array("100000\r\n".utf8) + chunk + [0x0D, 0x0A]) }
      try http.send(Array("0\r\n\r\n".utf8))
      #expect(try http.answer().status == 413)
      #expect(try http.call("fake.echo").status == 200)

      // Exactly the limit is no JSON, but not too large; one byte more is.
      let limit = 4 << 20
      #expect(
        try http.request("POST", "/v1/tools/call", headers: [Self.json], body: Array(body.prefix(limit))).status == 400)
      #expect(
        try http.request("POST", "/v1/tools/call", headers: [Self.json], body: Array(body.prefix(limit + 1))).status
          == 413)
    }
  }

  @Test("a client that asks before it sends a body that is too large is told at once")
  func expectContinue() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let http = try daemon.http()
      let headers = [Self.json, "Expect: 100-continue", "Content-Length: 5000000"]
      try http.send(SurfaceHTTPClient.bytes("POST", "/v1/tools/call", headers: headers))
      #expect(try http.answer().status == 413)
      #expect(http.isClosed())
    }
  }

  @Test(
    "a request whose end is uncertain is refused, and its connection closed",
    arguments: [
      ["Content-Length: 2", "Content-Length: 3"], ["Content-Length: 2", "Content-Length: 2"],
      ["Content-Length: 2", "Transfer-Encoding: chunked"],
      ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
      ["Transfer-Encoding: gzip"], ["Content-Length : 2"], ["Content-Length: -1"], ["Content-Length: 2x"],
      ["Content-Length: 99999999999999999999999"],
    ])
  func framing(_ headers: [String]) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let http = try daemon.http()
      // What follows would be a second request for whoever believes the other length.
      try http.send(
        SurfaceHTTPClient.bytes("POST", "/v1/tools/call", headers: [Self.json] + headers)
          + Array("{}GET /v1/capabilities HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8))
      let answer = try http.answer()
      #expect((400...413).contains(answer.status), "\(headers): \(answer.head)")
      let rest = try http.textUntilClose()
      #expect(!rest.contains("server_readiness"), "\(headers): \(rest)")
      #expect(try daemon.call("fake.echo").status == 200)
    }
  }

  @Test("what is no HTTP, or never ends, harms nobody")
  func garbage() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let texts = [
        "nonsense\r\n\r\n", "\r\n\r\n\r\n", "\0\0\0\0", "GET\r\n\r\n", "GET /v1/capabilities HTTP/9.9\r\n\r\n",
        "GET /v1/capabilities HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \0\r\n\r\n", "{\"jsonrpc\":\"2.0\"}\n",
        "POST /v1/tools/call HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /v1/tools/call HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "GET /" + String(repeating: "a", count: 100_000) + " HTTP/1.1\r\n",
        "GET /v1/capabilities HTTP/1.1\r\n" + String(repeating: "X-Y: z\r\n", count: 20_000),
        "POST /v1/tools/call HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{", "GET /v1/capab",
      ]
      var kept: [SurfaceHTTPClient] = []
      for text in texts {
        let http = try daemon.http()
        // The daemon may close while it is still being talked to.
        try? http.send(Array(text.utf8))
        kept.append(http)
        #expect(try daemon.call("fake.echo").status == 200, "\(text.prefix(60))")
      }
    }
  }

  @Test("requests that come together are answered in order")
  func pipelining() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let http = try daemon.http()
      var bytes: [UInt8] = []
      for index in 0..<50 {
        bytes += SurfaceHTTPClient.bytes(
          "POST", "/v1/tools/call", headers: [Self.json],
          body: Array(SurfaceHTTPClient.callBody("fake.echo", #"{"i":\#(index)}"#).utf8))
      }
      try http.send(bytes)
      for index in 0..<50 { #expect(try http.answer().content == #"{"i":\#(index)}"#) }
    }
  }

  @Test("HEAD is GET without the body")
  func head() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let http = try daemon.http()
      for target in ["/v1/capabilities", "/v1/capabilities/fake.echo"] {
        let full = try http.get(target)
        let head = try http.request("HEAD", target)
        #expect(head.status == 200 && full.status == 200)
        #expect(head.header("content-length") == "\(full.body.count)")
        #expect(head.header("content-type") == "application/json")
      }
      #expect(try http.request("HEAD", "/v1/tools/call").status == 405)
      #expect(try http.get("/v1/capabilities").status == 200, "a body after HEAD would be read here")
    }
  }

  @Test("a listed origin may ask and read, and only it is named")
  func cors() async throws {
    let config = DaemonConfig(servers: [], members: ["allowedOrigins": #"["https://listed.example"]"#])
    try await DaemonFixture.run(config) { daemon in
      let http = try daemon.http()
      let preflight = try http.request("OPTIONS", "/v1/tools/call", headers: ["Origin: https://listed.example"])
      #expect(preflight.status == 204)
      let listed = try http.get("/v1/capabilities", headers: ["Origin: https://listed.example"])
      for answer in [preflight, listed] {
        #expect(answer.header("access-control-allow-origin") == "https://listed.example")
        #expect(answer.header("vary") == "Origin")
      }
      let own = try http.get("/v1/capabilities", headers: ["Origin: http://127.0.0.1:\(daemon.port)"])
      #expect(own.status == 200 && own.header("access-control-allow-origin") == nil)
      #expect(try http.get("/v1/capabilities").header("access-control-allow-origin") == nil)
    }
  }

  @Test("a client that leaves in the middle of a call cancels it upstream")
  func disconnect() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      try Self.sendAndLeave(daemon)
      try daemon.eventually("the upstream was told") { try daemon.call("fake.cancelled").content == "[]" ? nil : true }
      let failure = try daemon.waitForLog("tool call failure")
      #expect(failure.member("reason")?.string == "cancelled")
      #expect(try daemon.worker("fake").member("in_flight")?.int == 0)
    }
  }

  private static func sendAndLeave(_ daemon: DaemonFixture) throws {
    let http = try daemon.http()
    try http.send(
      SurfaceHTTPClient.bytes(
        "POST", "/v1/tools/call", headers: [json],
        body: Array(SurfaceHTTPClient.callBody("fake.sleep", #"{"ms":60000}"#).utf8)))
    try daemon.eventually("the call runs") { try daemon.worker("fake").member("in_flight")?.int == 1 ? true : nil }
    _ = consume http
  }
}
