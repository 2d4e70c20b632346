import Foundation
import Protocol
import Testing

/// The readiness codes of servers over HTTP (contract §6.2), each reached from outside: code, state, sentence, the answer
/// to a call and what would help.
@Suite("readiness of HTTP servers", .timeLimit(.minutes(5)))
struct HTTPReadinessTests {
  private typealias Server = DaemonConfig.Server

  private struct Row {
    let server: Server
    let code: String
    let state: String
    /// Part of the sentence.
    let part: String
    var hint: String?

    init(_ server: Server, _ code: String, _ state: String, _ part: String, hint: String? = nil) {
      self.server = server
      self.code = code
      self.state = state
      self.part = part
      self.hint = hint
    }

    var isRetryable: Bool { state == "restarting" }
  }

  private static func check(_ row: Row, _ daemon: DaemonFixture) throws {
    let id = row.server.id
    let status = try daemon.eventually("\(id) is \(row.code)") {
      let status = try daemon.worker(id)
      return status.member("code")?.string == row.code ? status : nil
    }
    #expect(status.member("state")?.string == row.state, "\(id)")
    #expect(status.member("transport")?.string == "http", "\(id)")
    for member in ["upstream_pid", "protocol_version", "memory_bytes"] {
      #expect(status.member(member)?.isNull == true, "\(id) \(member)")
    }
    let http = try daemon.http()
    let readiness = try #require(try http.list().readiness(id))
    let message = readiness.member("message")?.string ?? ""
    #expect(readiness.member("code")?.string == row.code, "\(id)")
    #expect(readiness.member("retryable")?.bool == row.isRetryable, "\(id)")
    #expect(message.hasPrefix("Server \"\(id)\" ") && message.contains(row.part), "\(message)")
    guard !row.isRetryable else { return }
    // Nobody waits for what does not come by itself.
    let answer = try http.call("\(id).echo")
    #expect(answer.status == 503 && answer.code == "SERVER_UNREACHABLE" && answer.reason == row.code, "\(answer.text)")
    #expect(answer.isRetryable == false && answer.message == message, "\(answer.text)")
    #expect(answer.hint == row.hint, "\(answer.text)")
  }

  @Test("entries that cannot be used are config_invalid, and say why")
  func invalidEntries() async throws {
    let url = "http://127.0.0.1:1/mcp"
    func row(_ server: Server, _ part: String) -> Row {
      Row(server, "config_invalid", "misconfigured", part, hint: #"{"actor":"operator"}"#)
    }
    let rows = [
      row(.http("nourl", "127.0.0.1:1/mcp"), "url: this is no absolute http or https URL"),
      row(.http("scheme", "ftp://127.0.0.1/"), "url: this is no absolute http or https URL"),
      row(.http("user", "http://u:hunter2@127.0.0.1/"), "url: a URL with a user name cannot be used"),
      row(.http("unset", "http://${WARMPLANE_TEST_UNSET}/"), "WARMPLANE_TEST_UNSET"),
      row(.http("version", url, members: ["protocolVersion": #""2024-01-01""#]), "protocolVersion: this is none of"),
      row(
        .http("stateless", url, members: ["protocolVersion": #""2026-07-28""#, "allowStateless": "false"]),
        "allowStateless: false demands a session id"),
      row(.http("name", url, members: ["headers": #"{"A B": "1"}"#]), "headers.A B: this cannot be the name"),
      row(.http("value", url, members: ["headers": #"{"A": "${LINES}"}"#]), "headers.A: a header value cannot"),
      row(.http("token", url, auth: #"{"type":"bearer","tokenEnv":"LINES"}"#), "the token cannot be put into a header"),
      row(.http("basic", url, auth: #"{"type":"basic","username":"a:b","password":"p"}"#), "a username with a colon"),
    ]
    try await DaemonFixture.run(
      DaemonConfig(servers: rows.map(\.server)), environment: ["LINES": "one\ntwo"]
    ) { daemon in
      for row in rows { try Self.check(row, daemon) }
      #expect(!daemon.text(of: daemon.logPath).contains("hunter2"))
      let refused = try daemon.warmplane("restart", "name")
      #expect(refused.exit == .code(1) && refused.error.contains("headers.A B"), "\(refused)")
    }
  }

  @Test("a secret that is in no variable is auth_missing until there is a new daemon")
  func unsetVariables() async throws {
    let url = "http://127.0.0.1:1/mcp"
    func row(_ id: String, _ auth: String, _ part: String) -> Row {
      Row(.http(id, url, auth: auth), "auth_missing", "needs_auth", part, hint: #"{"actor":"operator"}"#)
    }
    let rows = [
      row("bearer", #"{"type":"bearer","tokenEnv":"WARMPLANE_TEST_UNSET"}"#, "lacks the variable WARMPLANE_TEST_UNSET"),
      row("blank", #"{"type":"bearer","tokenEnv":"BLANK"}"#, "lacks the variable BLANK (auth.tokenEnv)"),
      row("basic", #"{"type":"basic","username":"u","passwordEnv":"WARMPLANE_TEST_UNSET"}"#, "(auth.passwordEnv)"),
    ]
    // A login is no help here either.
    let oauth = Server.http(
      "oauth", url, auth: #"{"type":"oauth","clientId":"c","clientSecretEnv":"WARMPLANE_TEST_UNSET"}"#)
    try await DaemonFixture.run(
      DaemonConfig(servers: rows.map(\.server) + [oauth]), environment: ["BLANK": ""]
    ) { daemon in
      for row in rows { try Self.check(row, daemon) }
      try daemon.wait(for: "oauth", toBe: "needs_auth")
      #expect(
        try daemon.http().list().readiness("oauth")?.member("message")?.string?.contains("clientSecretEnv") == true)
      let answer = try daemon.call("oauth.echo")
      #expect(answer.reason == "auth_missing" && answer.hint == #"{"actor":"operator"}"#, "\(answer.text)")
      #expect(answer.message?.contains("warmplane auth") == false, "\(answer.text)")
      #expect(try daemon.warmplane("restart", "bearer").exit == .code(1))
      #expect(try daemon.warmplane("reload").output == #"{"ok":true,"added":[],"removed":[],"changed":[]}"# + "\n")
      for row in rows { try Self.check(row, daemon) }
      #expect(try daemon.log("starting upstream server").isEmpty)
      // One record each, once more after the reload.
      #expect(try daemon.log("skipping upstream server during startup").count == 8)
    }
  }

  @Test("what the credential store has for a server decides its code")
  func storedCredentials() async throws {
    let oauth = #"{"type":"oauth"}"#
    try await DaemonFixture.run(DaemonConfig(servers: []), isStarted: false) { daemon in
      let upstream = try HTTPUpstream(daemon, ["--token", "Bearer token"])
      func row(_ id: String, _ code: String, _ part: String) -> Row {
        Row(
          .http(id, upstream.url, auth: oauth), code, "needs_auth", part,
          hint: #"{"action":"warmplane auth login \#(id)","actor":"user"}"#)
      }
      let closed = "http://127.0.0.1:\(try HTTPUpstream.closedPort())/token"
      let rows = [
        row("none", "auth_missing", "run: warmplane auth login none."),
        row("other", "auth_missing", "run: warmplane auth login other."),
        row("blank", "auth_missing", "run: warmplane auth login blank."),
        row("expired", "auth_expired", "run: warmplane auth login expired."),
        row("lost", "auth_discovery_missing", "token endpoint"),
        Row(.http("stuck", upstream.url, auth: oauth), "auth_refresh_failed", "restarting", "tried again by itself"),
      ]
      let entries = [
        CredentialFile.entry("other", url: "http://127.0.0.1:1/mcp"),
        CredentialFile.entry("blank", token: " ", url: upstream.url),
        CredentialFile.entry("expired", url: upstream.url, expiresIn: -10),
        CredentialFile.entry("lost", url: upstream.url, expiresIn: -10, refreshToken: "r"),
        CredentialFile.entry("stuck", url: upstream.url, expiresIn: -10, refreshToken: "r", tokenEndpoint: closed),
        CredentialFile.entry("good", url: upstream.url),
      ]
      try CredentialFile(daemon).write("{\(entries.map { $0.dropFirst().dropLast() }.joined(separator: ","))}")
      try daemon.write(DaemonConfig(servers: rows.map(\.server) + [.http("good", upstream.url, auth: oauth)]))
      try daemon.start()
      try daemon.wait(for: "good")
      #expect(try daemon.call("good.echo", #"{"a":1}"#).content == #"{"a":1}"#)
      for row in rows { try Self.check(row, daemon) }
      // Waiting is no failing: nothing is tried, and the log is quiet.
      let starts = try daemon.log("starting upstream server").filter { $0.member("server_id")?.string != "stuck" }.count
      #expect(starts == 6)
    }
  }

  @Test("a server that is not there, and one that refuses, are transport_unavailable and tried again")
  func unreachable() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: []), isStarted: false) { daemon in
      let upstream = try HTTPUpstream(daemon, ["--token", "Bearer right"])
      let closed = "http://127.0.0.1:\(try HTTPUpstream.closedPort())/mcp"
      let rows = [
        Row(.http("gone", closed), "transport_unavailable", "restarting", "cannot be reached"),
        Row(.http("open", upstream.url), "transport_unavailable", "restarting", "its entry has no auth"),
        Row(
          .http("wrong", upstream.url, auth: #"{"type":"bearer","token":"wrong"}"#), "transport_unavailable",
          "restarting", "refuses the credentials"),
        Row(
          .http("file", closed.replacingOccurrences(of: "http:", with: "https:"), members: ["caFile": #""none.pem""#]),
          "transport_unavailable", "restarting", "cannot be reached"),
      ]
      try daemon.write(DaemonConfig(servers: rows.map(\.server)))
      try daemon.start()
      for row in rows { try Self.check(row, daemon) }
      let answer = try daemon.call("gone.echo")
      #expect(answer.status == 503 && answer.reason == "transport_unavailable" && answer.isRetryable == true)
      try daemon.eventually("a second attempt") {
        try daemon.log("starting upstream server").filter { $0.member("server_id")?.string == "gone" }.count > 1
          ? true : nil
      }
    }
  }

  @Test("a server that asks for time gets it: no call shortens it, a restart does")
  func retryAfter() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: []), isStarted: false) { daemon in
      let upstream = try HTTPUpstream(daemon, ["--on", "POST=429:1:30"])
      try daemon.write(DaemonConfig(servers: [.http("busy", upstream.url, members: ["timeout": "2000"])]))
      try daemon.start()
      let record = try daemon.waitForLog("upstream server restarting")
      #expect(record.member("delay_ms")?.int == 30_000)
      let requests = upstream.journal.count
      let answer = try daemon.call("busy.echo")
      #expect(answer.status == 503 && answer.reason == "transport_unavailable", "\(answer.text)")
      #expect(answer.message?.contains("HTTP 429") == true, "\(answer.text)")
      #expect(upstream.journal.count == requests)
      #expect(try daemon.warmplane("restart", "busy").exit == .code(0))
      try daemon.wait(for: "busy")
      #expect(try daemon.call("busy.echo").status == 200)
    }
  }
}
