import Protocol
import Testing

/// The rows of the error matrix (contract §3.3) that an upstream causes.
@Suite("errors of upstreams", .timeLimit(.minutes(5)))
struct SurfaceUpstreamErrorTests {
  private static func expect(
    _ answer: SurfaceHTTPClient.Answer, _ status: Int, _ code: String, _ isRetryable: Bool, _ reason: String?,
    _ messageParts: String...
  ) {
    #expect(answer.status == status, "\(answer.text)")
    #expect(answer.code == code, "\(answer.text)")
    #expect(answer.isRetryable == isRetryable, "\(answer.text)")
    #expect(answer.reason == reason, "\(answer.text)")
    #expect(answer.text.hasPrefix(#"{"ok":false,"request_id":null,"trace_id":""#), "\(answer.text)")
    for part in messageParts { #expect(answer.message?.contains(part) == true, "\(part): \(answer.text)") }
  }

  @Test("errors and bad answers of an upstream are UPSTREAM_ERROR; its isError is a success")
  func upstreamErrors() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake", members: ["timeout": "700"])])) { daemon in
      Self.expect(
        try daemon.call("fake.rpc_error", #"{"code":-32000,"message":"no luck","data":{"b":1,"a":[2]}}"#), 502,
        "UPSTREAM_ERROR", false, nil, #"no luck (code: -32000); data: {"b":1,"a":[2]}"#)
      Self.expect(
        try daemon.call("fake.rpc_error", #"{"code":-32602,"message":"args"}"#), 502, "UPSTREAM_ERROR", false, nil,
        "args (code: -32602)")
      let failed = try daemon.call("fake.tool_error", #"{"text":"as told"}"#)
      #expect(failed.status == 200 && failed.json.member("ok")?.bool == true, "\(failed.text)")
      #expect(failed.json.member("data")?.member("isError")?.bool == true, "\(failed.text)")
      #expect(failed.text.hasSuffix(#","error":null}"#), "\(failed.text)")
      // An answer without a result (contract §3.2).
      let empty = try daemon.call("fake.no_result")
      #expect(empty.status == 200, "\(empty.text)")
      #expect(empty.text.hasSuffix(#""data":null,"error":null}"#), "\(empty.text)")
      // An answer to nobody: the call itself times out, the connection lives on.
      Self.expect(try daemon.call("fake.wrong_id"), 504, "UPSTREAM_TIMEOUT", true, "outcome_unknown", "700ms")
      #expect(try daemon.call("fake.double_answer").content == "first")
      #expect(try daemon.call("fake.echo", #"{"a":1}"#).content == #"{"a":1}"#)
    }
  }

  @Test("a call over its deadline is UPSTREAM_TIMEOUT, and is cancelled upstream")
  func timeout() async throws {
    let config = DaemonConfig(
      servers: [.fake("fake"), .fake("own", members: ["timeout": "250"])], members: ["toolTimeoutMs": "400"])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      try daemon.wait(for: "own")
      Self.expect(
        try daemon.call("fake.sleep", #"{"ms":60000}"#), 504, "UPSTREAM_TIMEOUT", true, "outcome_unknown",
        "Tool call", "timed out after 400ms")
      Self.expect(
        try daemon.call("own.sleep", #"{"ms":60000}"#), 504, "UPSTREAM_TIMEOUT", true, "outcome_unknown",
        "timed out after 250ms")
      let cancelled = try daemon.eventually("the upstream was told") {
        let text = try daemon.call("fake.cancelled").content
        return text == "[]" ? nil : text
      }
      #expect(!cancelled.contains(","), "one id: \(cancelled)")
    }
  }

  @Test("an upstream that dies during a call is SERVER_UNREACHABLE with outcome_unknown; the next call works")
  func death() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake"), .fake("other")])) { daemon in
      try daemon.wait(for: "fake")
      Self.expect(
        try daemon.call("fake.crash"), 503, "SERVER_UNREACHABLE", true, "outcome_unknown", #""fake""#)
      Self.expect(
        try daemon.call("fake.crash", #"{"code":3}"#), 503, "SERVER_UNREACHABLE", true, "outcome_unknown", #""fake""#)
      #expect(try daemon.call("fake.count").content == "1")
      #expect(try daemon.call("other.count").content == "1")
    }
  }

  @Test("servers that cannot be used answer with their readiness code, at once")
  func unusable() async throws {
    let config = DaemonConfig(servers: [
      .fake("off", members: ["disabled": "true"]),
      .fake("template", "{env:WARMPLANE_SURELY_UNSET}"),
      .fake("exits", "--exit-at-start", "7"),
      DaemonConfig.Server(id: "missing", command: "/nonexistent/program"),
      .fake("good"),
    ])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "good")
      try daemon.wait(for: "exits", toBe: "restarting")
      try daemon.wait(for: "missing", toBe: "restarting")
      let rows: [(String, String, Bool)] = [
        ("off", "disabled", false), ("template", "config_invalid", false), ("exits", "transport_unavailable", true),
        ("missing", "transport_unavailable", true),
      ]
      for (server, reason, isRetryable) in rows {
        Self.expect(
          try daemon.call("\(server).echo"), 503, "SERVER_UNREACHABLE", isRetryable, reason, #""\#(server)""#)
        Self.expect(
          try daemon.http().get("/v1/capabilities/\(server).echo"), 503, "SERVER_UNREACHABLE", isRetryable, reason,
          #""\#(server)""#)
      }
      // Policy and lookup do not depend on them.
      #expect(try daemon.call("good.nothing").status == 404)
      #expect(try daemon.call("good.echo").status == 200)
    }
  }

  @Test("an operation on a server in its first start waits for it, at most until its deadline")
  func starting() async throws {
    let config = DaemonConfig(servers: [
      .fake("slow", "--slow-start", "600"), .fake("stuck", "--slow-start", "60000", members: ["timeout": "300"]),
    ])
    try await DaemonFixture.run(config) { daemon in
      let described = try daemon.http().get("/v1/capabilities/slow.echo")
      #expect(described.status == 200, "\(described.text)")
      #expect(try daemon.call("slow.echo", #"{"a":1}"#).content == #"{"a":1}"#)
      Self.expect(
        try daemon.call("stuck.echo"), 503, "SERVER_UNREACHABLE", true, "starting", #""stuck""#, "300ms")
      Self.expect(
        try daemon.http().get("/v1/capabilities/stuck.echo"), 503, "SERVER_UNREACHABLE", true, "starting", #""stuck""#)
    }
  }

  @Test("an id may belong to any server whose name it begins with")
  func dottedServers() async throws {
    let config = DaemonConfig(servers: [
      .fake("a"), .fake("a.b", "--slow-start", "600"), .fake("off", members: ["disabled": "true"]),
      .fake("off.b", "--slow-start", "600"),
    ])
    try await DaemonFixture.run(config) { daemon in
      let http = try daemon.http()
      for id in ["a.b.echo", "off.b.echo"] {
        let answer = try http.call(id)
        #expect(answer.status == 200, "\(id): \(answer.text)")
      }
    }
  }

  @Test("a deadline of zero times out at once")
  func zero() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake", members: ["timeout": "0"])])) { daemon in
      try daemon.wait(for: "fake")
      let answer = try daemon.call("fake.echo")
      #expect(answer.status == 504 && answer.code == "UPSTREAM_TIMEOUT" && answer.isRetryable == true, "\(answer.text)")
    }
  }
}
