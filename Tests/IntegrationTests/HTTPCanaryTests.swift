import Foundation
import Protocol
import Testing

/// Secrets are planted everywhere a configuration, an environment or a store can have them; then everything that
/// warmplane writes, says or shows is searched for them.
@Suite("secrets", .timeLimit(.minutes(5)))
struct HTTPCanaryTests {
  /// What must be found nowhere, by where it was planted.
  private static let canaries: [String: String] = [
    "header": "canary-header-5ac1", "header variable": "canary-headervar-77b0", "query": "canary-query-1f9e",
    "bearer": "canary-bearer-c03d", "bearer variable": "canary-bearervar-9e44", "password": "canary-password-3b1a",
    "password variable": "canary-passwordvar-e2c8", "client secret": "canary-clientsecret-84df",
    "client secret variable": "canary-clientsecretvar-d6a5", "access token": "canary-access-0b77",
    "refresh token": "canary-refresh-a91c", "user of a URL": "canary-user-62f3", "upstream's env": "canary-env-4d2e",
    "bad token": "canary-broken-b3b3",
  ]

  private static func secret(_ place: String) -> String { canaries[place] ?? "" }

  private static func servers(_ url: String) -> [DaemonConfig.Server] {
    let headers = #"{"X-Key":"\#(secret("header"))","X-Other":"${HEADER_CANARY}"}"#
    return [
      .http("header", "\(url)?key=\(secret("query"))", members: ["headers": headers]),
      .http("bearer", url, auth: #"{"type":"bearer","token":"\#(secret("bearer"))"}"#),
      .http("variable", url, auth: #"{"type":"bearer","tokenEnv":"BEARER_CANARY"}"#),
      .http("basic", url, auth: #"{"type":"basic","username":"u","password":"\#(secret("password"))"}"#),
      .http("basicvar", url, auth: #"{"type":"basic","username":"u","passwordEnv":"PASSWORD_CANARY"}"#),
      .http(
        "oauth", url, auth: #"{"type":"oauth","clientId":"c","clientSecret":"\#(secret("client secret"))"}"#),
      .http("expired", url, auth: #"{"type":"oauth","clientId":"c","clientSecretEnv":"CLIENT_CANARY"}"#),
      .http("user", "http://\(secret("user of a URL"))@127.0.0.1/"),
      .http("broken", url, auth: #"{"type":"bearer","token":"\#(secret("bad token"))\n"}"#),
      .fake("pipe", members: ["env": #"{"INNER":"\#(secret("upstream's env"))"}"#]),
    ]
  }

  private static let environment = [
    "WARMPLANE_LOG": "trace", "HEADER_CANARY": secret("header variable"), "BEARER_CANARY": secret("bearer variable"),
    "PASSWORD_CANARY": secret("password variable"), "CLIENT_CANARY": secret("client secret variable"),
  ]

  @Test("appear in no log, command line, status, error or file of ours; no process of ours can dump them")
  func nowhere() async throws {
    try await DaemonFixture.run(
      DaemonConfig(servers: []), environment: Self.environment, isStarted: false
    ) { daemon in
      let upstream = try HTTPUpstream(daemon)
      let strict = try HTTPUpstream(daemon, ["--token", "nobody has it"])
      var servers = Self.servers(upstream.url)
      // A server that refuses and repeats what it was sent.
      servers.append(.http("refused", strict.url, auth: #"{"type":"bearer","token":"\#(Self.secret("bearer"))"}"#))
      let entries = [
        CredentialFile.entry("oauth", token: Self.secret("access token"), url: upstream.url),
        CredentialFile.entry(
          "expired", token: Self.secret("access token"), url: upstream.url, expiresIn: -9,
          refreshToken: Self.secret("refresh token"), tokenEndpoint: strict.url),
      ]
      try CredentialFile(daemon).write("{\(entries.map { $0.dropFirst().dropLast() }.joined(separator: ","))}")
      try daemon.write(DaemonConfig(servers: servers))
      try daemon.start()
      let ready = ["header", "bearer", "variable", "basic", "basicvar", "oauth", "pipe"]
      for server in ready { try daemon.wait(for: server) }
      for (server, code) in [
        ("user", "config_invalid"), ("broken", "config_invalid"), ("refused", "transport_unavailable"),
      ] {
        try daemon.eventually("\(server) is \(code)") {
          try daemon.http().list().readinessCode(server) == code ? true : nil
        }
      }
      try daemon.eventually("the refresh has failed") {
        try daemon.worker("expired").member("code")?.string?.hasPrefix("auth_") == true ? true : nil
      }

      var said = try Self.ask(daemon, ready + ["expired", "user", "broken", "refused"])
      said["log"] = daemon.text(of: daemon.logPath)
      for (pid, command) in daemon.processes() {
        said["command line of \(command)"] = command
        if command.contains("warmplane-worker") || command.contains("warmplaned") {
          let limits = daemon.text(of: "/proc/\(pid)/limits")
          #expect(limits.firstMatch(of: /Max core file size +0 +0\b/) != nil, "\(command): \(limits)")
        }
        // The daemon has its variables from whoever started it.
        if !command.contains("warmplaned") {
          said["environment of \(command)"] = daemon.text(of: "/proc/\(pid)/environ")
            .replacingOccurrences(of: "INNER=\(Self.secret("upstream's env"))", with: "")
            // Not named by a key for secrets, so a process of a server inherits it like any other variable.
            .replacingOccurrences(of: "HEADER_CANARY=\(Self.secret("header variable"))", with: "")
        }
      }
      for directory in ["run", "state"] {
        for file in FileManager.default.enumerator(atPath: "\(daemon.directory)/\(directory)") ?? .init() {
          let path = "\(daemon.directory)/\(directory)/\(file)"
          said[path] = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: Unicode.ASCII.self) }
        }
      }
      #expect(said.count > 60 && said.keys.contains { $0.hasSuffix("state.db") }, "\(said.keys.sorted())")
      for (place, canary) in Self.canaries {
        // Upstreams got them, so the search would find something.
        let forms = [canary, Data("u:\(canary)".utf8).base64EncodedString()]
        for (source, text) in said {
          for form in forms where text.contains(form) {
            let line = text.split(separator: "\n").first { $0.contains(form) } ?? ""
            Issue.record("the \(place) is in \(source): \(line.prefix(400))")
          }
        }
      }
      let sent = upstream.journal.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
      for place in ["header", "header variable", "query", "bearer", "bearer variable", "access token"] {
        #expect(sent.contains(Self.secret(place)), "\(place) was not sent")
      }
    }
  }

  /// Everything that can be asked for, by its name.
  private static func ask(_ daemon: DaemonFixture, _ servers: [String]) throws -> [String: String] {
    var said: [String: String] = [:]
    let http = try daemon.http()
    for kind in ["capabilities", "resources", "prompts"] { said["list of \(kind)"] = try http.list(kind).text }
    for server in servers {
      said["describe \(server)"] = try http.get("/v1/capabilities/\(server).echo").text
      for (tool, arguments) in [
        ("echo", #"{"a":1}"#), ("status", #"{"code":500,"body":"$AUTH $SESSION","type":"text/plain"}"#),
        ("status", #"{"code":401,"body":"$AUTH","type":"text/plain"}"#), ("close", "{}"), ("unknown", "{}"),
      ] {
        said["\(tool) \(arguments) of \(server)"] = try http.call("\(server).\(tool)", arguments).text
      }
      let restarted = try daemon.warmplane("restart", server)
      said["restart \(server)"] = restarted.output + restarted.error
    }
    for command in [
      ["status"], ["status", "--json"], ["logs"], ["reload"], ["list-capabilities"], ["validate-config"],
    ] {
      let result = try daemon.runWarmplane([command[0], "--config", daemon.configPath] + command.dropFirst())
      said["\(command)"] = result.output + result.error
    }
    return said
  }
}
