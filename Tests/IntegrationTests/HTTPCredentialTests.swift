import Foundation
import Protocol
import Testing

/// Servers that wait for credentials, and the daemon that notices that there are some (contract §6.1, §6.5).
@Suite("credentials of HTTP servers", .timeLimit(.minutes(5)))
struct HTTPCredentialTests {
  private static let oauth = #"{"type":"oauth"}"#

  /// A daemon with these servers at a peer that demands a token.
  private static func run(
    _ servers: @Sendable (String) -> [DaemonConfig.Server], members: [String: String] = [:],
    _ body: @Sendable (DaemonFixture, HTTPUpstream, CredentialFile) throws -> Void
  ) async throws {
    try await DaemonFixture.run(DaemonConfig(servers: []), isStarted: false) { daemon in
      let upstream = try HTTPUpstream(daemon, ["--token", "Bearer token"])
      try daemon.write(DaemonConfig(servers: servers(upstream.url), members: members))
      try body(daemon, upstream, CredentialFile(daemon))
    }
  }

  private static func starts(_ daemon: DaemonFixture, _ server: String = "s") throws -> Int {
    try daemon.log("starting upstream server").filter { $0.member("server_id")?.string == server }.count
  }

  @Test("a login wakes a server by itself, whether the store is new, replaced or written into")
  func login() async throws {
    try await Self.run({ [.http("s", $0, auth: Self.oauth), .http("t", $0, auth: Self.oauth)] }) { daemon, up, store in
      try daemon.start()
      try daemon.wait(for: "s", toBe: "needs_auth")
      try daemon.wait(for: "t", toBe: "needs_auth")
      #expect(!FileManager.default.fileExists(atPath: store.path))
      // Directories and file come at once.
      let began = ContinuousClock.now
      try store.write(CredentialFile.entry("s", url: up.url))
      try daemon.wait(for: "s", within: 5)
      // A second is promised; the rest is for a machine with other things to do.
      #expect(ContinuousClock.now - began < .seconds(5))
      #expect(try daemon.call("s.echo").status == 200)
      #expect(try daemon.worker("s").member("restarts")?.int == 0)
      // The other server's entry did not change, so it was not tried.
      #expect(try Self.starts(daemon, "t") == 1)
      let both =
        CredentialFile.entry("s", url: up.url).dropLast() + "," + CredentialFile.entry("t", url: up.url).dropFirst()
      try Data(both.utf8).write(to: URL(fileURLWithPath: store.path))
      try daemon.wait(for: "t", within: 5)
      #expect(try Self.starts(daemon, "s") == 2, "without a token and with one: one that runs is left alone")
    }
  }

  @Test("steps of a login before there is a token, and entries of others, wake nobody")
  func quiet() async throws {
    let servers = [0, 1, 2].map { "w\($0)" }
    try await Self.run({ url in (["s"] + servers).map { .http($0, url, auth: Self.oauth) } }) { daemon, up, store in
      try daemon.start()
      for server in ["s"] + servers { try daemon.wait(for: server, toBe: "needs_auth") }
      for (server, text) in zip(
        servers,
        [
          #""s":{"codeVerifier":"v","oauthState":"o","serverUrl":"\#(up.url)"}"#,
          #""s":{"codeVerifier":"w"},"x":{"tokens":{"accessToken":"t"}}"#, #""y":{}"#,
        ])
      {
        // Another server's token comes with it. Once that server is tried, the whole file has been looked at.
        let token = CredentialFile.entry(server, url: "http://127.0.0.1:1/").dropFirst()
        try store.write("{\(text),\(token)")
        try daemon.eventually("\(server) is tried") { try Self.starts(daemon, server) == 2 ? true : nil }
        #expect(try Self.starts(daemon) == 1, "\(text)")
      }
      // A token for another URL is tried, and is none for this server.
      try store.write(CredentialFile.entry("s", url: "http://127.0.0.1:1/"))
      try daemon.eventually("it is tried") { try Self.starts(daemon) == 2 ? true : nil }
      try daemon.wait(for: "s", toBe: "needs_auth")
      // An operator may insist.
      #expect(try daemon.warmplane("restart", "s").exit == .code(0))
      try daemon.eventually("it is tried") { try Self.starts(daemon) == 3 ? true : nil }
      try daemon.wait(for: "s", toBe: "needs_auth")
      #expect(up.journal.isEmpty, "without a token nothing is asked")
    }
  }

  @Test("a damaged store is auth_store_unavailable, is not touched, and is noticed when it is mended")
  func damagedStore() async throws {
    try await Self.run({ [.http("s", $0, auth: Self.oauth)] }) { daemon, up, store in
      try store.write("{ this is no JSON")
      try daemon.start()
      let row = try daemon.eventually("the store is unusable") {
        let row = try daemon.worker("s")
        return row.member("code")?.string == "auth_store_unavailable" ? row : nil
      }
      #expect(row.member("state")?.string == "restarting")
      let message = row.member("message")?.string ?? ""
      #expect(message.contains(store.path) && message.contains("warmplane auth status s"), "\(message)")
      #expect(daemon.text(of: store.path) == "{ this is no JSON")
      try store.write(CredentialFile.entry("s", url: up.url))
      try daemon.wait(for: "s", within: 5)
    }
  }

  @Test("a token that another process renews counts for the next request, without a restart of anything")
  func renewedElsewhere() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: []), isStarted: false) { daemon in
      let (old, store) = (try HTTPUpstream(daemon, ["--token", "Bearer old"]), CredentialFile(daemon))
      try daemon.write(DaemonConfig(servers: [.http("s", old.url, auth: Self.oauth)]))
      try store.write(CredentialFile.entry("s", token: "old", url: old.url))
      try daemon.start()
      try daemon.wait(for: "s")
      let worker = try daemon.worker("s").member("worker_pid")?.int
      try store.write(CredentialFile.entry("s", token: "new", url: old.url))
      _ = try daemon.call("s.echo")
      try daemon.eventually("the new token is used") {
        old.journal.contains { $0.member("fields")?.member("authorization")?.string == "Bearer new" } ? true : nil
      }
      #expect(try daemon.worker("s").member("worker_pid")?.int == worker)
    }
  }

  @Test("a reload restarts the server whose auth, header or store changed, and no other")
  func reload() async throws {
    try await Self.run({ url in
      [
        .http("bearer", url, auth: #"{"type":"bearer","token":"token"}"#),
        .http("header", url, members: ["headers": #"{"Authorization":"Bearer token","X-A":"1"}"#]),
        .http("oauth", url, auth: Self.oauth), .fake("pipe"),
      ]
    }) { daemon, up, store in
      let names = ["bearer", "header", "oauth", "pipe"]
      try store.write(CredentialFile.entry("oauth", url: up.url))
      try daemon.start()
      for name in names { try daemon.wait(for: name) }
      func pids() throws -> [Int?] { try names.map { try daemon.worker($0).member("worker_pid")?.int } }
      var before = try pids()
      var servers: [DaemonConfig.Server] = [
        .http("bearer", up.url, auth: #"{"type":"bearer","token":"token"}"#),
        .http("header", up.url, members: ["headers": #"{"Authorization":"Bearer token","X-A":"2"}"#]),
        .http("oauth", up.url, auth: Self.oauth), .fake("pipe"),
      ]
      func reload(_ members: [String: String] = [:], changes name: String) throws {
        try daemon.write(DaemonConfig(servers: servers, members: members))
        let result = try daemon.warmplane("reload")
        #expect(
          result.output.hasPrefix(#"{"ok":true,"added":[],"removed":[],"changed":["\#(name)"]"#), "\(result)")
        try daemon.wait(for: name)
        let after = try pids()
        for (index, other) in names.enumerated() {
          #expect((after[index] == before[index]) == (other != name), "\(other) at \(name)")
        }
        before = after
      }
      try reload(changes: "header")
      #expect(up.journal.contains { $0.member("fields")?.member("x-a")?.string == "2" })
      servers[0] = .http("bearer", up.url, auth: #"{"type":"bearer","tokenEnv":"HOME"}"#)
      servers[0].members["auth"] = #"{"type":"bearer", "token":"token", "x":1}"#
      try reload(changes: "bearer")
      servers[0].members["caFile"] = #""ca.pem""#
      servers[0].members["auth"] = #"{"type":"bearer", "token":"token"}"#
      try reload(changes: "bearer")
      // Another store: there is nothing in it yet.
      try daemon.write(DaemonConfig(servers: servers, members: ["authStorePath": #""own/store.json""#]))
      #expect(
        try daemon.warmplane("reload").output == #"{"ok":true,"added":[],"removed":[],"changed":["oauth"]}"# + "\n")
      try daemon.wait(for: "oauth", toBe: "needs_auth")
      try FileManager.default.createDirectory(
        atPath: "\(daemon.directory)/own", withIntermediateDirectories: true)
      try Data(CredentialFile.entry("oauth", url: up.url).utf8).write(
        to: URL(fileURLWithPath: "\(daemon.directory)/own/store.json"))
      try daemon.wait(for: "oauth", within: 5)
    }
  }
}
