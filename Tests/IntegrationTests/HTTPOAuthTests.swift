import Foundation
import Glibc
import Protocol
import Synchronization
import Testing

/// Daemons with an MCP server behind a real authorization server: tokens as calls see them, from the login to the logout.
@Suite("oauth of HTTP servers", .timeLimit(.minutes(5)))
struct HTTPOAuthTests {
  /// A world whose resource is an MCP server, with credentials in its store, and a daemon for it. `options`: more of the
  /// world, with a comma in front.
  private static func run(
    _ options: String = "", auth: String = "", isLoggedIn: Bool = true, environment: [String: String] = [:],
    _ body: @Sendable (CLIAuthWorld, DaemonFixture) async throws -> Void
  ) async throws {
    try await DaemonFixture.run(DaemonConfig(servers: []), environment: environment, isStarted: false) { daemon in
      let world = try CLIAuthWorld(#"{"mcp":true\#(options)}"#, auth: auth)
      if isLoggedIn { #expect(try await world.program.run(["auth", "login", "docs"]).code == 0) }
      try daemon.write(config(world, auth: auth))
      try daemon.start()
      try await body(world, daemon)
    }
  }

  private static func config(_ world: CLIAuthWorld, auth: String = "") -> DaemonConfig {
    DaemonConfig(
      servers: [.http("docs", world.resource, auth: #"{"type":"oauth"\#(auth)}"#)],
      members: ["authStorePath": "\"\(world.directory)/store.json\""])
  }

  @Test("discover, log in, call, expire, renew, refresh, log out: the daemon follows without a restart of anything")
  func wholeLife() async throws {
    try await Self.run(isLoggedIn: false) { world, daemon in
      try daemon.wait(for: "docs", toBe: "needs_auth")
      let hint = try daemon.call("docs.echo")
      #expect(hint.status == 503 && hint.reason == "auth_missing", "\(hint.text)")
      #expect(hint.hint == #"{"action":"warmplane auth login docs","actor":"user"}"#, "\(hint.text)")
      #expect(try await world.program.run(["auth", "discover", "docs"]).code == 0)
      #expect(try await world.program.run(["auth", "login", "docs"]).code == 0)
      let row = try daemon.wait(for: "docs")
      let status = try await world.program.run(["auth", "status", "docs"])
      #expect(status.output.contains(#""authStatus": "authenticated""#), "\(status.output)")
      #expect(try daemon.call("docs.echo", #"{"a":1}"#).content == #"{"a":1}"#)
      #expect(try world.tokenRequests().count == 1)
      // Expired by the clock, and for the server.
      try world.edit("tokens.expiresAt", "1")
      try world.forget()
      #expect(try daemon.call("docs.echo", #"{"a":2}"#).content == #"{"a":2}"#)
      #expect(try world.tokenRequests().count == 2)
      #expect(try await world.program.run(["auth", "refresh", "docs"]).code == 0)
      #expect(try daemon.call("docs.echo", #"{"a":3}"#).content == #"{"a":3}"#)
      #expect(try world.tokenRequests().count == 3)
      #expect(try daemon.worker("docs").member("worker_pid")?.int == row.member("worker_pid")?.int)
      #expect(try await world.program.run(["auth", "logout", "docs"]).code == 0)
      let answer = try daemon.call("docs.echo")
      #expect(answer.status != 200 && answer.message?.contains("warmplane auth login docs") == true, "\(answer.text)")
    }
  }

  @Test(
    "50 calls of two daemons and a command, with an expired rotating refresh token: one refresh request",
    arguments: [true, false])
  func oneRefresh(_ isCommandFirst: Bool) async throws {
    try await Self.run { world, first in
      try await DaemonFixture.run(Self.config(world)) { second in
        let daemons = [first, second]
        for daemon in daemons { try daemon.wait(for: "docs") }
        let old = try world.entry().member("tokens")?.member("refreshToken")?.string
        try world.edit("tokens.expiresAt", "1")
        try world.forget()
        // Slow enough that all of them want it meanwhile.
        try world.change(#"{"token_faults":[{"delay":2}]}"#)
        func isRefreshing() throws {
          try first.eventually("a refresh") { try world.tokenRequests().count > 1 ? true : nil }
        }
        var command: CLIProgram.Running?
        if isCommandFirst {
          command = try world.program.start(["auth", "refresh", "docs"])
          try isRefreshing()
        }
        let calls = daemons.map { CallGroup(25, $0) }
        if command == nil {
          try isRefreshing()
          command = try world.program.start(["auth", "refresh", "docs"])
        }
        for (daemon, group) in zip(daemons, calls) {
          #expect(try group.statuses(daemon) == Array(repeating: 200, count: 25))
        }
        let result = try await command?.result()
        #expect(result?.code == 0, "\(result?.error ?? "")")
        #expect(try world.tokenRequests().count == 2, "the login, and one refresh")
        let new = try world.entry().member("tokens")?.member("refreshToken")?.string
        #expect(new != nil && new != old)
        for daemon in daemons {
          let row = try daemon.worker("docs")
          #expect(row.member("state")?.string == "ready" && row.member("restarts")?.int == 0)
        }
        // Nobody is logged out: the stored refresh token is the one that counts.
        #expect(try await world.program.run(["auth", "refresh", "docs"]).code == 0)
        for daemon in daemons { #expect(try daemon.call("docs.echo").status == 200) }
      }
    }
  }

  @Test("no token, code, verifier or client secret of a login is told anywhere")
  func secrets() async throws {
    let client = #"{"token_endpoint_auth_methods_supported":["client_secret_post"]}"#
    try await Self.run(
      #","metadata":\#(client)"#, isLoggedIn: false, environment: ["WARMPLANE_LOG": "trace"]
    ) { world, daemon in
      var (secrets, said): (Set<String>, [String]) = ([], [])
      func collect() throws {
        let entry = try world.entry()
        for (object, name) in [
          ("tokens", "accessToken"), ("tokens", "refreshToken"), ("clientInfo", "clientSecret"),
        ] {
          if let secret = entry.member(object)?.member(name)?.string { secrets.insert(secret) }
        }
        if let verifier = entry.member("codeVerifier")?.string { secrets.insert(verifier) }
      }
      func run(_ arguments: String..., input: String = "") async throws -> CLIProgram.Result {
        let result = try await world.program.run(arguments, input: input)
        said += [result.output, result.error]
        try collect()
        return result
      }
      let start = try await run("auth", "start", "docs")
      let address = try JSONSlice(validating: Array(start.output.utf8)).member("authorizationUrl")?.string ?? ""
      let query = try CLIAuthWorld.query(of: try world.browse(address))
      let (code, state) = (query["code"] ?? "", query["state"] ?? "")
      secrets.insert(code)
      #expect(try await run("auth", "exchange", "docs", "--code", "-", "--state", state, input: code).code == 0)
      try daemon.wait(for: "docs")
      said.append(try daemon.call("docs.echo").text)
      try world.forget()
      said.append(try daemon.call("docs.echo").text)
      try collect()
      #expect(try await run("auth", "refresh", "docs").code == 0)
      #expect(try await run("auth", "status").code == 0)
      // Refused, and a renewal whose answer repeats what it was sent.
      try world.edit("tokens.expiresAt", "1")
      let token = try world.entry().member("tokens")?.member("refreshToken")?.string ?? ""
      let fault = #"{"status":400,"body":"{\"error\":\"invalid_request\",\"extra\":\"\#(token)\"}"}"#
      try world.change(#"{"token_faults":[\#(fault),\#(fault)]}"#)
      #expect(try daemon.call("docs.echo").status != 200)
      #expect(try await run("auth", "refresh", "docs").code == 1)
      try world.change(#"{"token_faults":[],"reject_tokens":true}"#)
      said.append(try daemon.call("docs.echo").text)
      try collect()
      for arguments in [["status"], ["status", "--json"], ["logs"]] {
        let result = try daemon.runWarmplane([arguments[0], "--config", daemon.configPath] + arguments.dropFirst())
        said += [result.output, result.error]
      }
      said += [daemon.text(of: daemon.logPath)] + daemon.processes().values
      for pid in daemon.processes().keys { said.append(daemon.text(of: "/proc/\(pid)/environ")) }
      #expect(secrets.count >= 7 && secrets.allSatisfy { $0.count > 20 }, "\(secrets.count)")
      for text in said {
        for secret in secrets where text.contains(secret) {
          let line = text.split(separator: "\n").first { $0.contains(secret) } ?? ""
          Issue.record("a secret is told: \(line.prefix(300))")
        }
      }
    }
  }

  @Test("a daemon that stops while a token is renewed saves it first", arguments: ["stop", "restart"])
  func stopDuringRenewal(_ command: String) async throws {
    try await Self.run { world, daemon in
      try daemon.wait(for: "docs")
      try world.edit("tokens.expiresAt", "1")
      try world.forget()
      try world.change(#"{"token_faults":[{"delay":1.5}]}"#)
      let calls = CallGroup(1, daemon)
      try daemon.eventually("a refresh") { try world.tokenRequests().count > 1 ? true : nil }
      if command == "stop" {
        try daemon.stop()
      } else {
        #expect(try daemon.warmplane("restart", "docs").exit == .code(0))
      }
      _ = try calls.statuses(daemon)
      if command == "restart" {
        try daemon.wait(for: "docs")
        #expect(try daemon.call("docs.echo").status == 200)
      }
      #expect(try world.tokenRequests().count == 2)
      // A lost one would be a logout: the old one is used up.
      let refresh = try await world.program.run(["auth", "refresh", "docs"])
      #expect(refresh.code == 0, "\(refresh.error)")
    }
  }

  @Test("a server that refuses even a new token waits for a login, and no restart renews again")
  func refusedAfterRenewal() async throws {
    try await Self.run { world, daemon in
      try daemon.wait(for: "docs")
      try world.change(#"{"reject_tokens":true}"#)
      let answer = try daemon.call("docs.echo")
      #expect(answer.status == 502 || answer.status == 503, "\(answer.text)")
      #expect(answer.message?.contains("refuses even a new access token (401)") == true, "\(answer.text)")
      #expect(answer.message?.contains("warmplane auth login docs") == true, "\(answer.text)")
      #expect(answer.hint == #"{"action":"warmplane auth login docs","actor":"user"}"#, "\(answer.text)")
      #expect(try world.tokenRequests().count == 2)
      for _ in 0..<2 {
        #expect(try daemon.warmplane("restart", "docs").exit == .code(0))
        let row = try daemon.wait(for: "docs", toBe: "needs_auth")
        #expect(row.member("code")?.string == "auth_expired")
        #expect(row.member("message")?.string?.contains("warmplane auth login docs") == true)
      }
      #expect(try world.tokenRequests().count == 2)
      try world.change(#"{"reject_tokens":false}"#)
      #expect(try await world.program.run(["auth", "login", "docs"]).code == 0)
      try daemon.wait(for: "docs")
    }
  }

  @Test("a missing scope is reported, the next login asks for the union, and not without an end")
  func stepUp() async throws {
    let scopes = #","scopes":["read","write","admin"],"resource_scopes":["read"]"#
    try await Self.run(scopes) { world, daemon in
      try daemon.wait(for: "docs")
      var granted = "read"
      for scope in ["write", "admin"] {
        try world.change(#"{"required_scopes":["\#(scope)"]}"#)
        let answer = try daemon.call("docs.echo")
        #expect(answer.message?.contains(#"wants the scope "\#(scope)""#) == true, "\(answer.text)")
        #expect(answer.message?.contains("warmplane auth login docs") == true, "\(answer.text)")
        #expect(try await world.program.run(["auth", "login", "docs"]).code == 0)
        granted += " \(scope)"
        #expect(try world.entry().member("tokens")?.member("scope")?.string == granted)
        #expect(try daemon.call("docs.echo", #"{"a":1}"#).content == #"{"a":1}"#)
      }
      // A server that is never satisfied.
      try world.change(#"{"never_enough":true}"#)
      #expect(try daemon.call("docs.echo").message?.contains("run: warmplane auth login docs") == true)
      #expect(try await world.program.run(["auth", "login", "docs"]).code == 0)
      let last = try daemon.call("docs.echo")
      #expect(last.message?.contains("more scope has been asked for 3 times") == true, "\(last.text)")
      #expect(try world.entry().member("challengedScope") == nil)
    }
  }
}

/// Calls of `docs.echo` at once, each on a thread and a connection of its own.
private final class CallGroup: Sendable {
  private let count: Int
  private let answers = Mutex<[Int]>([])

  init(_ count: Int, _ daemon: DaemonFixture) {
    self.count = count
    for _ in 0..<count {
      Thread.detachNewThread {
        let status = (try? daemon.call("docs.echo").status) ?? 0
        self.answers.withLock { $0.append(status) }
      }
    }
  }

  /// The statuses of all of them.
  func statuses(_ daemon: DaemonFixture) throws -> [Int] {
    try daemon.eventually(within: 30, "all calls are answered") {
      let statuses = answers.withLock { $0 }
      return statuses.count == count ? statuses : nil
    }
  }
}
