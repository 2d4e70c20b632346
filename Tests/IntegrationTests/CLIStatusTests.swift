import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// `status` and `stop` against a scripted daemon.
@Suite struct CLIStatusTests {
  private static let status = status(#""mcp_http":"http://127.0.0.1:9191","#)

  private static func status(_ mcp: String) -> String {
    #"{"ok":true,"daemon":{"pid":4711,"version":"0.1.0","config":"/srv/example/mcp_servers.json","#
      + #""socket":"/run/c.sock","http":"http://127.0.0.1:9090",\#(mcp)"config_changed":true,"clients":[{"kind":"cli"}]},"workers":["#
      + #"{"server":"crashy","state":"crash_loop","code":"crash_loop","message":"Server \"crashy\" ended\n5 times: "#
      + #"\u001b[31mit was a very long story that does not fit into one line of a terminal.","uptime_ms":null,"#
      + #""restarts":5,"calls":0,"errors":0,"p50_ms":null,"p95_ms":null,"memory_bytes":0},"#
      + #"{"server":"git","state":"ready","code":"ready","uptime_ms":3661000,"restarts":0,"calls":1234,"errors":3,"#
      + #""p50_ms":3.14,"p95_ms":12.6,"memory_bytes":45000000},"#
      + #"{"server":"a-server-with-a-long-name","state":"misconfigured","code":"config_invalid","uptime_ms":59999,"#
      + #""restarts":0,"calls":1234567,"errors":0,"p50_ms":0.04,"p95_ms":1530,"memory_bytes":1500000000}]}"#
  }

  private static func prepared(
    pid: Int32 = getpid(), script: @escaping @Sendable (String) -> CLIScriptedDaemon.Answer
  ) throws -> (CLIProgram, CLIScriptedDaemon) {
    let workspace = CLIWorkspace()
    // Invalid on purpose: an edited file must not keep anybody from its daemon.
    try workspace.write("{", to: "mcp_servers.json")
    let daemon = try CLIScriptedDaemon.start(at: try workspace.controlSocket(), pid: pid, script: script)
    return (CLIProgram(in: workspace), daemon)
  }

  @Test func theTableFits80Columns() async throws {
    let (program, daemon) = try Self.prepared { _ in .body(200, Self.status) }
    defer { daemon.stop() }
    let result = try await program.run(["status"])
    #expect(result.code == 0)
    #expect(result.error.isEmpty)
    #expect(
      result.output == """
        warmplane 0.1.0   pid 4711   http://127.0.0.1:9090   1 client
          mcp     http://127.0.0.1:9191/mcp
          config  /srv/example/mcp_servers.json
          socket  /run/c.sock
          ! the config file has changed since the daemon read it

        SERVER            STATE          UPTIME  RESTARTS  CALLS  ERR    P50   P95   MEM
        crashy            crash_loop          -         5      0    0      -     -     -
            Server "crashy" ended 5 times: [31mit was a very long story that does not
            fit into one line of a terminal.
        git               ready           1h01m         0   1234    3  3.1ms  13ms   43M
        a-server-with-a…  misconfigured     59s         0   1.2M    0   40µs  1.5s  1.4G
            config_invalid

        """)
  }

  @Test func aPortThatCouldNotOpenIsToldWithin80Columns() async throws {
    let mcp =
      #""mcp_http":null,"mcp_http_error":"port 9191 of 127.0.0.1 is in use by another program, as far as can be told","#
    let (program, daemon) = try Self.prepared { _ in .body(200, Self.status(mcp)) }
    defer { daemon.stop() }
    let result = try await program.run(["status"])
    #expect(!result.output.contains("  mcp "))
    #expect(
      result.output.contains(
        """
          socket  /run/c.sock
          ! MCP over HTTP could not open: port 9191 of 127.0.0.1 is in use by another
            program, as far as can be told
          ! the config file has changed since the daemon read it

        """))
  }

  @Test func coloursAreForTerminalsOnly() async throws {
    let (program, daemon) = try Self.prepared { _ in .body(200, Self.status) }
    defer { daemon.stop() }
    let coloured = try await program.runOnTerminal(["status"], columns: 120)
    #expect(coloured.output.contains("\u{1B}[31mcrash_loop\u{1B}[0m"))
    #expect(coloured.output.contains("\na-server-with-a-long-name  "))
    var plain = program
    plain.environment["NO_COLOR"] = "1"
    #expect(try await !plain.runOnTerminal(["status"], columns: 120).output.contains("\u{1B}"))
  }

  @Test func jsonIsTheAnswerItself() async throws {
    let (program, daemon) = try Self.prepared { _ in .body(200, #"{ "ok" : true, "n": 1.0 }"#) }
    defer { daemon.stop() }
    #expect(try await program.run(["status", "--json"]).output == #"{"ok":true,"n":1.0}"# + "\n")
    let pretty = try await program.runOnTerminal(["status", "--json"], columns: 80)
    #expect(pretty.output == "{\n  \"ok\": true,\n  \"n\": 1.0\n}\n")
  }

  @Test func stopReturnsWhenTheProcessIsGone() async throws {
    let victim = Process()
    victim.executableURL = URL(fileURLWithPath: "/bin/sleep")
    victim.arguments = ["1000"]
    try victim.run()
    let pid = victim.processIdentifier
    let (program, daemon) = try Self.prepared(pid: pid) { _ in .body(200, #"{"ok":true,"pid":1}"#) }
    defer { daemon.stop() }
    let running = try program.start(["stop"])
    var isAsked = false
    for await event in daemon.events {
      if event == .request(method: "stop", params: "{}") { isAsked = true }
      if isAsked, event == .read { break }
    }
    // It has the answer, and sleeps nevertheless: a command that does not wait for the process never does again.
    let isAsleep = await eventually {
      let status = FileManager.default.contents(atPath: "/proc/\(running.pid)/status") ?? Data()
      return String(decoding: status, as: UTF8.self).contains("State:\tS")
    }
    #expect(isAsleep)
    kill(pid, SIGKILL)
    // Bounded: a command that does not notice fails here.
    let result = try await running.result()
    #expect(result.code == 0)
    #expect(result.output == "{\"ok\":true,\"pid\":\(pid)}\n")
  }

  @Test func stopIsContentWithALostConnection() async throws {
    let victim = Process()
    victim.executableURL = URL(fileURLWithPath: "/bin/sleep")
    victim.arguments = ["1000"]
    try victim.run()
    let pid = victim.processIdentifier
    let (program, daemon) = try Self.prepared(pid: pid) { _ in
      kill(pid, SIGKILL)
      return .close
    }
    defer { daemon.stop() }
    let result = try await program.run(["stop"])
    #expect(result.code == 0)
    #expect(result.output == "{\"ok\":true,\"pid\":\(pid)}\n")
  }

  @Test func watchDrawsUntilItIsInterrupted() async throws {
    let (program, daemon) = try Self.prepared { _ in .body(200, Self.status) }
    defer { daemon.stop() }
    let running = try program.start(["status", "--watch"])
    var pictures = 0
    for await event in daemon.events where event == .request(method: "status", params: "{}") {
      pictures += 1
      if pictures == 3 { break }
    }
    kill(running.pid, SIGINT)
    let result = try await running.result()
    #expect(result.code == 130)
    // The third was asked for when the second was out.
    #expect(result.output.components(separatedBy: "warmplane 0.1.0   pid 4711").count >= 3)
    #expect(!result.output.contains("\u{1B}"), "no terminal")
  }

  @Test func watchRedrawsInPlaceOnATerminal() async throws {
    let (program, daemon) = try Self.prepared { _ in .body(200, Self.status) }
    async let result = program.runOnTerminal(["status", "--watch"], columns: 80)
    var pictures = 0
    for await event in daemon.events where event == .request(method: "status", params: "{}") {
      pictures += 1
      if pictures == 3 { break }
    }
    daemon.stop()
    let pids = try program.workspace.processes(running: "status --watch")
    #expect(pids.count == 1)
    for pid in pids { kill(pid, SIGINT) }
    let output = try await result.output
    #expect(output.hasPrefix("\u{1B}[H\u{1B}[1mwarmplane 0.1.0\u{1B}[0m   pid 4711"))
    #expect(output.contains("\u{1B}[K\n"))
    #expect(output.components(separatedBy: "\u{1B}[J\u{1B}[H").count >= 2)
  }
}

/// `restart`, `reload` and `logs` against a scripted daemon.
@Suite struct CLIOperateTests {
  private static func prepared(
    script: @escaping @Sendable (String) -> CLIScriptedDaemon.Answer
  ) throws -> (CLIProgram, CLIScriptedDaemon) {
    let workspace = CLIWorkspace()
    try workspace.write("{", to: "mcp_servers.json")
    let daemon = try CLIScriptedDaemon.start(at: try workspace.controlSocket(), script: script)
    return (CLIProgram(in: workspace), daemon)
  }

  @Test(arguments: [
    (["restart", "a b"], "restart", #"{"server":"a b"}"#), (["reload"], "reload", "{}"),
    (["logs"], "logs", #"{"follow":false}"#), (["logs", "-f", "git"], "logs", #"{"server":"git","follow":true}"#),
  ])
  func requests(_ arguments: [String], _ method: String, _ params: String) async throws {
    let (program, daemon) = try Self.prepared { _ in .body(404, #"{"ok":false,"error":{"message":"No."}}"#) }
    defer { daemon.stop() }
    let result = try await program.run(arguments)
    #expect(await daemon.events.first { _ in true } == .request(method: method, params: params))
    #expect(result.code == 1)
    #expect(result.output.isEmpty)
    #expect(result.error == "Error: No.\n")
  }

  @Test func aSuggestionIsPassedOn() async throws {
    let (program, daemon) = try Self.prepared { _ in
      .body(404, #"{"ok":false,"error":{"message":"No.","hint":{"did_you_mean":["git"]}}}"#)
    }
    defer { daemon.stop() }
    #expect(try await program.run(["restart", "gti"]).error == "Error: No. Did you mean \"git\"?\n")
  }

  @Test func problemsOfAReloadAreShownAsValidateConfigShowsThem() async throws {
    let (program, daemon) = try Self.prepared { _ in
      .body(
        400,
        #"{"ok":false,"problems":[{"pointer":"/port","line":2,"column":3,"severity":"error","message":"bad"},"#
          + #"{"pointer":"","line":null,"column":null,"severity":"warning","message":"odd"}]}"#)
    }
    defer { daemon.stop() }
    let result = try await program.run(["reload"])
    #expect(result.code == 1)
    #expect(result.output.isEmpty)
    #expect(
      result.error == "mcp_servers.json:2:3: error: /port: bad\nmcp_servers.json: warning: odd\n")
  }

  @Test func aReloadPrintsItsWarningsTwice() async throws {
    let body = #"{"ok":true,"added":["a"],"removed":[],"changed":[],"warnings":["port has changed"]}"#
    let (program, daemon) = try Self.prepared { _ in .body(200, body) }
    defer { daemon.stop() }
    let result = try await program.run(["reload"])
    #expect(result.code == 0)
    #expect(result.output == body + "\n")
    #expect(result.error == "port has changed\n")
  }

  @Test(arguments: [["restart", "a"], ["reload"], ["logs"], ["logs", "-f"], ["status", "--watch"]])
  func withoutADaemonNothingIsStarted(_ arguments: [String]) async throws {
    let workspace = CLIWorkspace()
    try workspace.write(#"{"mcpServers":{}}"#, to: "mcp_servers.json")
    let result = try await CLIProgram(in: workspace).run(arguments)
    #expect(result.code == 3)
    #expect(result.output.isEmpty)
    #expect(result.error.contains("start it with: warmplane daemon --config mcp_servers.json"))
  }
}
