import Glibc
import Protocol
import Testing

/// Rows of the error matrix (contract §3.3) that take an effort to reach.
@Suite("rare errors", .timeLimit(.minutes(5)))
struct MatrixRareTests {
  private static func expect(
    _ answer: SurfaceHTTPClient.Answer, _ status: Int, _ code: String, _ isRetryable: Bool, _ reason: String?,
    _ messageParts: String...
  ) {
    #expect(answer.status == status && answer.code == code, "\(answer.text)")
    #expect(answer.isRetryable == isRetryable && answer.reason == reason, "\(answer.text)")
    for part in messageParts { #expect(answer.message?.contains(part) == true, "\(part): \(answer.text)") }
  }

  @Test("answers that cannot be read, or are too large, are UPSTREAM_ERROR, and the next call is served")
  func badAnswers() async throws {
    let answers = [
      ("both", #""result":{},"error":{"code":1,"message":"m"}"#), ("number", #""error":7"#), ("empty", #""error":{}"#),
      ("good", #""result":{"content":[]}"#),
    ]
    let cases = answers.map { "*'\"name\":\"\($0.0)\"'*) r='\($0.1)';;" }.joined(separator: "\n")
    let tools = answers.map { #"{"name":"\#($0.0)"}"# }.joined(separator: ",")
    let odd = DaemonConfig.Server(
      id: "odd", command: "/bin/sh",
      arguments: [
        "-c",
        """
        while IFS= read -r line; do
          id=${line#*'"id":'}; id=${id%%[,\\}]*}
          case "$line" in
            *'"method":"initialize"'*) r='"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}';;
            *'"method":"tools/list"'*) r='"result":{"tools":[\(tools)]}';;
            *'"method":"notifications/'*) continue;;
            \(cases)
            *) r='"error":{"code":-32601,"message":"no"}';;
          esac
          printf '{"jsonrpc":"2.0","id":%s,%s}\\n' "$id" "$r"
        done
        """,
      ])
    let config = DaemonConfig(servers: [odd, .fake("fake", members: ["timeout": "60000"])])
    try await DaemonFixture.run(config) { daemon in
      for server in ["odd", "fake"] { try daemon.wait(for: server) }
      Self.expect(try daemon.call("odd.both"), 502, "UPSTREAM_ERROR", false, nil, #""odd""#, "no valid JSON-RPC")
      Self.expect(try daemon.call("odd.number"), 502, "UPSTREAM_ERROR", false, nil, #""odd""#, "no valid JSON-RPC")
      Self.expect(try daemon.call("odd.empty"), 502, "UPSTREAM_ERROR", false, nil, "no message")
      Self.expect(
        try daemon.call("fake.big", #"{"bytes":67000000}"#), 502, "UPSTREAM_ERROR", false, nil, #""fake""#, "over 6")
      #expect(try daemon.call("odd.good").status == 200)
      #expect(try daemon.call("fake.echo").status == 200)
      #expect(try daemon.worker("fake").member("restarts")?.int == 0)
    }
  }

  @Test("what is held back until its deadline was not sent, and says so")
  func notSent() async throws {
    // It stops reading after the probe, initialize and tools/list.
    var config = DaemonConfig(
      servers: [.fake("full", "--stop-reading-after", "3", members: ["timeout": "900"])])
    config.members = ["daemon": #"{"stopGraceMs":200}"#]
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "full")
      let args = #"{"a":"\#(String(repeating: "x", count: 600_000))"}"#
      let (first, second) = (try daemon.http(), try daemon.http())
      for http in [first, second] {
        try http.send(
          SurfaceHTTPClient.bytes(
            "POST", "/v1/tools/call", headers: ["Content-Type: application/json"],
            body: Array(SurfaceHTTPClient.callBody("full.echo", args).utf8)))
        // One after the other: the first fills the pipe.
        let wanted = http === first ? 1 : 2
        try daemon.eventually("it is on its way") {
          try daemon.worker("full").member("in_flight")?.int == wanted ? true : nil
        }
      }
      Self.expect(try first.answer(), 504, "UPSTREAM_TIMEOUT", true, "outcome_unknown", "timed out after 900ms")
      Self.expect(try second.answer(), 504, "UPSTREAM_TIMEOUT", true, "not_sent", "900ms")
    }
  }

  @Test("a server that was up and does not come back is restarting, and a call tries it")
  func restarting() async throws {
    let config = DaemonConfig(servers: [.switched("gone", then: "--exit-at-start 1")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "gone")
      try daemon.turnSwitch("gone")
      Self.expect(try daemon.call("gone.crash"), 503, "SERVER_UNREACHABLE", true, "outcome_unknown", #""gone""#)
      Self.expect(try daemon.call("gone.echo"), 503, "SERVER_UNREACHABLE", true, "restarting", #""gone""#)
      #expect(try daemon.http().list().readinessCode("gone") == "restarting")
    }
  }

  @Test("what comes while the daemon stops was not sent, and says so")
  func stopping() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      try daemon.wait(for: "fake")
      let (running, late) = (try daemon.http(), try daemon.http())
      // A connection that was not used yet may be closed at once.
      #expect(try late.get("/v1/prompts").status == 200)
      try running.send(
        SurfaceHTTPClient.bytes(
          "POST", "/v1/tools/call", headers: ["Content-Type: application/json"],
          body: Array(SurfaceHTTPClient.callBody("fake.sleep", #"{"ms":30000}"#).utf8)))
      try daemon.eventually("the call runs") { try daemon.worker("fake").member("in_flight")?.int == 1 ? true : nil }
      let control = try SurfaceControlClient(path: daemon.controlSocket)
      try control.hello()
      daemon.signal(SIGTERM)
      try daemon.eventually("it accepts nobody") {
        (try? SurfaceControlClient(path: daemon.controlSocket)) == nil ? true : nil
      }
      Self.expect(try late.call("fake.echo"), 503, "SERVER_UNREACHABLE", true, "stopping", "nothing was sent")
      let body = try control.request("tools/call", SurfaceHTTPClient.callBody("fake.echo")).member("body")
      #expect(body?.member("error")?.member("reason")?.string == "stopping")
      Self.expect(try running.answer(), 503, "SERVER_UNREACHABLE", true, "outcome_unknown")
      #expect(try daemon.waitForExit() == .code(0))
    }
  }
}
