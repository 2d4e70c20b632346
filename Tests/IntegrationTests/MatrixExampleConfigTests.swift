import Foundation
import Protocol
import Testing

/// The example of the contract (§2), word for word, and files with mistakes (§2.5).
@Suite("example configuration", .timeLimit(.minutes(5)))
struct MatrixExampleConfigTests {
  private static let example = #"""
    { "port": 9090, "toolTimeoutMs": 15000,
      "capabilityAliases": { "sqlite.read_query": "db.query" }, "promptAliases": { "docs.code_review": "prompt.code-review" },
      "policy": { "allow": ["db.*", "fs.*", "prompt.*"], "deny": ["fs.secret"], "redactKeys": ["token", "api_key", "password"] },
      "mcpServers": {
        "sqlite": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-sqlite", "./test.db"] },
        "docs":   { "url": "https://mcp.example.com/mcp", "headers": { "X-Tenant": "acme" }, "auth": { "type": "bearer", "tokenEnv": "DOCS_TOKEN" } },
        "figma":  { "url": "https://mcp.figma.com/mcp", "auth": { "type": "oauth", "scope": "file_content:read" } } } }
    """#

  @Test("it validates with exactly one line; the daemon runs and says why nothing of it is usable")
  func example() async throws {
    // Without a `npx` on the path and with a proxy where nobody listens: this must not reach the network.
    try await DaemonFixture.run(
      DaemonConfig(servers: []), environment: ["PATH": "/nonexistent", "https_proxy": "http://127.0.0.1:1"],
      isStarted: false
    ) { daemon in
      try Data(Self.example.utf8).write(to: URL(fileURLWithPath: daemon.configPath))
      let valid = try daemon.runWarmplane(["validate-config", "-c", "mcp_servers.json"])
      #expect(valid.exit == .code(0))
      #expect(valid.output == #"{"ok":true,"config":"mcp_servers.json","servers":3}"# + "\n")
      #expect(valid.error.isEmpty)
      #expect(try daemon.runWarmplane(["validate-config", "--strict"]).output == valid.output)

      // Another port than the example's, which may be in use here.
      try daemon.start(["-p", "0"])
      let http = try daemon.http()
      let list = try http.list()
      #expect(list.ids.isEmpty)
      let rows = list.json.member("server_readiness")?.elements.map { $0 } ?? []
      #expect(rows.compactMap { $0.member("server")?.string } == ["docs", "figma", "sqlite"])
      let npx = try daemon.eventually("the command was tried") {
        let row = try http.list().readiness("sqlite")
        return row?.member("code")?.string == "starting" ? nil : row
      }
      #expect(npx.member("message")?.string?.contains("npx") == true, "\(String(decoding: npx.bytes, as: UTF8.self))")
      #expect(list.readinessCode("docs") == "auth_missing")
      #expect(list.readiness("docs")?.member("message")?.string?.contains("DOCS_TOKEN") == true)
      for server in ["docs", "figma"] { #expect(try http.call("\(server).x").reason == "policy_denied") }
      let aliased = try http.post("/v1/prompts/get", #"{"prompt_id":"prompt.code-review"}"#)
      #expect(aliased.status == 503 && aliased.reason == "auth_missing", "\(aliased.text)")
      let query = try http.call("db.query")
      #expect(query.status == 503 && query.message?.contains("sqlite") == true, "\(query.text)")
      let status = try daemon.warmplane("status", "--json")
      #expect(status.exit == .code(0))
      for (server, states) in [
        ("docs", ["needs_auth"]), ("figma", ["needs_auth"]),
        ("sqlite", ["misconfigured", "restarting", "crash_loop"]),
      ] {
        let row = try daemon.worker(server)
        #expect(states.contains(row.member("state")?.string ?? ""), "\(String(decoding: row.bytes, as: UTF8.self))")
        #expect(status.output.contains(#""server":"\#(server)","state":""#) || status.output.contains(server))
        #expect(row.member("transport")?.string == (server == "sqlite" ? "stdio" : "http"))
      }
    }
  }

  private static let mistakes = """
    {
      "port": 70000,
      "capabilityAliases": { "a.x": "same", "a.y": "same" },
      "mcpServers": {
        "a": { "command": "x", "url": "http://127.0.0.1/" },
        "b": { "command": "x", "auth": { "type": "bearer", "token": "t" } },
        "ü": { "url": "http://127.0.0.1/", "auth": { "type": "basic", "username": " ", "password": "p" } }
      }
    }
    """

  @Test("five mistakes are all told, in the order of the file, twice the same")
  func fiveMistakes() async throws {
    let workspace = CLIWorkspace()
    try workspace.write(Self.mistakes, to: "c.json")
    let program = CLIProgram(in: workspace)
    let first = try await program.run(["validate-config", "-c", "c.json"])
    let second = try await program.run(["validate-config", "-c", "c.json"])
    #expect(first.code == 1 && first.output.isEmpty)
    #expect(first.error == second.error)
    let places = first.error.split(separator: "\n").map { $0.split(separator: ": ").prefix(3).joined(separator: ": ") }
    #expect(
      places == [
        "c.json:2:11: error: /port", "c.json:3:48: error: /capabilityAliases/a.y", "c.json:5:10: error: /mcpServers/a",
        "c.json:6:36: error: /mcpServers/b/auth", "c.json:7:79: error: /mcpServers/ü/auth/username",
      ], "\(first.error)")
    for (server, line) in zip(["a", "b", "ü"], first.error.split(separator: "\n").suffix(3)) {
      #expect(line.contains("\"\(server)\""), "\(line)")
    }
    // The same problems as data, and the daemon refuses the file with the same words.
    let json = try await program.run(["validate-config", "-c", "c.json", "--json"])
    let body = try JSONSlice(validating: Array(json.output.utf8))
    let problems = body.member("problems").map { Array($0.elements) } ?? []
    #expect(json.code == 1 && problems.count == 5)
    for (problem, line) in zip(problems, first.error.split(separator: "\n")) {
      #expect(problem.members.compactMap { $0.key.string } == ["pointer", "line", "column", "severity", "message"])
      let text = "c.json:\(problem.member("line")?.int ?? 0):\(problem.member("column")?.int ?? 0): error: "
      #expect(line == text + "\(problem.member("pointer")?.string ?? ""): \(problem.member("message")?.string ?? "")")
    }
    let daemon = try await program.run(["daemon", "-c", "c.json"])
    #expect(daemon.code == 1 && daemon.output.isEmpty)
    #expect(daemon.error == first.error)
  }
}
