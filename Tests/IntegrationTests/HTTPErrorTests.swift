import Foundation
import Protocol
import Testing

/// The rows of the error matrix (contract §3.3) that a server over HTTP causes.
@Suite("errors of HTTP servers", .timeLimit(.minutes(5)))
struct HTTPErrorTests {
  /// A call of the peer's tool with these arguments, and how it must end.
  private struct Row {
    let tool: String
    let arguments: String
    let status: Int
    let code: String
    let isRetryable: Bool
    let reason: String?
    /// How the message begins.
    let message: String

    init(
      _ tool: String, _ arguments: String, _ status: Int, _ code: String, _ isRetryable: Bool, _ reason: String?,
      _ message: String
    ) {
      self.tool = tool
      self.arguments = arguments
      self.status = status
      self.code = code
      self.isRetryable = isRetryable
      self.reason = reason
      self.message = message
    }
  }

  private static func refusal(_ code: Int, _ body: String = "as told") -> Row {
    Row(
      "status", #"{"code":\#(code),"type":"text/plain","body":"\#(body)"}"#, 502, "UPSTREAM_ERROR", false, nil,
      "HTTP \(code): \(body)")
  }

  private static let rows = [
    refusal(400),
    Row(
      "status", #"{"code":401,"type":"text/plain","body":"as told"}"#, 502, "UPSTREAM_ERROR", false, nil,
      "Server \"s\": it wants credentials, and its entry has no auth (HTTP 401: as told)"),
    refusal(403), refusal(404), refusal(429), refusal(500), refusal(503),
    Row("status", #"{"code":302}"#, 502, "UPSTREAM_ERROR", false, nil, ""),
    // A JSON-RPC error in the body says more than the status.
    Row(
      "status", #"{"code":400,"json":{"id":"ours","error":{"code":-32000,"message":"no luck"}}}"#, 502,
      "UPSTREAM_ERROR", false, nil, "no luck (code: -32000)"),
    Row("broken", "{}", 502, "UPSTREAM_ERROR", false, nil, "Server \"s\": "),
    Row("nothing", "{}", 503, "SERVER_UNREACHABLE", true, "outcome_unknown", "Server \"s\" "),
    Row("half", "{}", 503, "SERVER_UNREACHABLE", true, "outcome_unknown", "Server \"s\" "),
    Row("close", "{}", 503, "SERVER_UNREACHABLE", true, "outcome_unknown", "Server \"s\" "),
    Row(
      "sleep", #"{"ms":60000}"#, 504, "UPSTREAM_TIMEOUT", true, "outcome_unknown",
      "Tool call to server \"s\" timed out after 1500ms"),
  ]

  @Test("each end of an exchange has its row, runs once, and leaves the session usable")
  func matrix() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: []), isStarted: false) { daemon in
      let upstream = try HTTPUpstream(daemon)
      try daemon.write(DaemonConfig(servers: [.http("s", upstream.url, members: ["timeout": "1500"])]))
      try daemon.start()
      try daemon.wait(for: "s")
      let http = try daemon.http()
      for row in Self.rows {
        let calls = upstream.count("tools/call")
        let answer = try http.call("s.\(row.tool)", row.arguments)
        #expect(answer.status == row.status && answer.code == row.code, "\(row.tool) \(row.arguments): \(answer.text)")
        #expect(answer.isRetryable == row.isRetryable && answer.reason == row.reason, "\(row.tool): \(answer.text)")
        #expect(answer.message?.hasPrefix(row.message) == true, "\(row.tool): \(answer.text)")
        // Only a session that is not there any more may be asked twice: it carried nothing out (contract §3.4).
        let times = row.message.hasPrefix("HTTP 404") ? 2 : 1
        #expect(
          upstream.count("tools/call") == calls + times,
          "\(row.tool) ran again")
        #expect(try http.call("s.echo", #"{"a":1}"#).content == #"{"a":1}"#, "after \(row.tool)")
      }
      #expect(try daemon.worker("s").member("restarts")?.int == 0)
    }
  }

  @Test("a server that is restarted is found again, and its session is made anew")
  func restarted() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: []), isStarted: false) { daemon in
      let upstream = try HTTPUpstream(daemon)
      try daemon.write(DaemonConfig(servers: [.http("s", upstream.url)]))
      try daemon.start()
      let row = try daemon.wait(for: "s")
      #expect(row.member("protocol_version")?.string == "2025-11-25" && row.member("worker_pid")?.int ?? 0 > 0)
      let port = upstream.port
      upstream.stop()
      let gone = try daemon.call("s.echo")
      #expect(gone.status == 503 && gone.code == "SERVER_UNREACHABLE" && gone.isRetryable == true, "\(gone.text)")
      let next = try HTTPUpstream(daemon, port: port)
      try daemon.eventually(within: 20, "calls are answered again") {
        try daemon.call("s.echo").status == 200 ? true : nil
      }
      #expect(next.count("initialize") == 1)
      #expect(try daemon.http().list().ids.contains("s.echo"))
    }
  }
}
