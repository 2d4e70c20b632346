import Foundation
import Glibc
import Protocol
import Testing

/// Commands that start the daemon they need (contract §1.3).
@Suite("on-demand start", .timeLimit(.minutes(5)))
struct OnDemandTests {
  private static let sum = ["call-capability", "demo.add", "--params", #"{"a":1,"b":2}"#]

  @Test func aCommandStartsADaemonOfItsOwnKind() async throws {
    try await OnDemandFixture.run { fixture in
      let result = try await fixture.shell.run(Self.sum)
      #expect(result.code == 0, "\(result.error)")
      #expect(result.output.contains(#""text":"3""#))
      #expect(result.error.isEmpty)
      let pid = try await fixture.pid()
      #expect(try fixture.daemons() == [pid])
      // A session of its own: no terminal, and nobody's signals.
      #expect(getsid(pid) == pid)
      let directory = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
      #expect(directory == fixture.workspace.directory)
      let log = try fixture.logPath
      for (number, target) in [(0, "/dev/null"), (1, "/dev/null"), (2, log)] {
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(number)") == target)
      }
      var information = stat()
      #expect(stat(log, &information) == 0 && information.st_mode & 0o777 == 0o600)
      #expect(fixture.text(of: log).contains("tool call success"))
    }
  }

  /// The environment is that of the command that started it, and an edited file waits for `reload`.
  @Test func itKeepsItsEnvironmentAndItsConfiguration() async throws {
    let program = DaemonFixture.program("warmplane-demo-server")
    let config = DaemonConfig(servers: [DaemonConfig.Server(id: "demo", command: "{env:WP_TEST_PROGRAM}")])
    try await OnDemandFixture.run(config) { fixture in
      var knowing = fixture.shell
      knowing.environment["WP_TEST_PROGRAM"] = program
      #expect(try await knowing.run(Self.sum).code == 0)
      #expect(try await fixture.shell.run(Self.sum).code == 0, "whoever asks later needs no variable")
      try fixture.workspace.write(DaemonConfig().text, to: "mcp_servers.json")
      let warning = "the configuration file has changed; `warmplane reload` applies it"
      for _ in 0..<2 { #expect(try await fixture.shell.run(Self.sum).code == 0) }
      #expect(try await fixture.status().member("config_changed")?.bool == true)
      #expect(fixture.text(of: try fixture.logPath).components(separatedBy: warning).count == 2, "once")
      #expect(try await fixture.shell.run(["reload"]).output.contains(#""removed":["demo"]"#))
      #expect(try await fixture.shell.run(Self.sum).code == 1)
      #expect(try await fixture.shell.run(["stop"]).code == 0)
      try fixture.workspace.write(config.text, to: "mcp_servers.json")
      let lacking = try await fixture.shell.run(Self.sum)
      #expect(lacking.code == 1 && lacking.output.contains(#""reason":"config_invalid""#), "\(lacking)")
      #expect(lacking.output.contains("WP_TEST_PROGRAM") && lacking.output.contains("environment of the daemon"))
    }
  }

  @Test func commandsAtTheSameMomentStartOneDaemon() async throws {
    try await OnDemandFixture.run { fixture in
      try await withThrowingTaskGroup(of: CLIProgram.Result.self) { group in
        for _ in 0..<6 { group.addTask { try await fixture.shell.run(Self.sum) } }
        for try await result in group { #expect(result.code == 0, "\(result.error)") }
      }
      // Those that were not needed end; the one that stays has answered all calls.
      try await fixture.eventually("one daemon is left") { try fixture.daemons().count == 1 }
      #expect(try await fixture.daemons() == [fixture.pid()])
      let ends = fixture.text(of: try fixture.logPath).components(separatedBy: "tool call success").count - 1
      #expect(ends == 6)
    }
  }

  @Test func aStarterThatIsKilledLeavesADaemon() async throws {
    try await OnDemandFixture.run { fixture in
      let go = "\(fixture.workspace.directory)/go"
      #expect(mkfifo(go, 0o600) == 0)
      let slow = try fixture.program(startingScript: "echo $$ > begun\nread x < go\nexec \"$REAL\" \"$@\"")
      let starter = try slow.start(Self.sum)
      try await fixture.eventually("the start has begun") {
        fixture.text(of: "\(fixture.workspace.directory)/begun").hasSuffix("\n")
      }
      kill(starter.pid, SIGKILL)
      // On a machine so busy that ten seconds had passed, it gave up by itself; the daemon must come all the same.
      let result = try await starter.result()
      #expect(result.isSignaled || result.code == 3)
      try "\n".write(toFile: go, atomically: false, encoding: .utf8)
      try await fixture.eventually("the daemon answers") { (try? await fixture.pid()) != nil }
      #expect(fixture.text(of: "\(fixture.workspace.directory)/begun") == "\(try await fixture.pid())\n")
    }
  }

  @Test func aDaemonOutlivesTheTerminalOfItsStarter() async throws {
    try await OnDemandFixture.run { fixture in
      // A shell with that terminal as its controlling one: its end hangs up everything in its session.
      let line = "exec '\(CLIProgram.path)' list-capabilities"
      var script = fixture.shell
      script.program = "/usr/bin/script"
      let result = try await script.run(["-qefc", line, "/dev/null"])
      #expect(result.code == 0, "\(result.error)")
      let pid = try await fixture.pid()
      #expect(getsid(pid) == pid)
      #expect(try await fixture.shell.run(Self.sum).code == 0)
      #expect(try await fixture.pid() == pid)
    }
  }

  @Test(arguments: [true, false])
  func strippedEnvironmentsMeetTheSameDaemon(_ isStrippedFirst: Bool) async throws {
    try await OnDemandFixture.run { fixture in
      var stripped = fixture.shell
      stripped.onlyVariables = OnDemandFixture.strippedVariables
      let programs = isStrippedFirst ? [stripped, fixture.shell] : [fixture.shell, stripped]
      for program in programs { #expect(try await program.run(Self.sum).code == 0) }
      #expect(try await fixture.pid(stripped) == fixture.pid(fixture.shell))
      #expect(try fixture.daemons().count == 1)
      // A daemon of the other environment finds the lock taken, and says whose it is.
      for program in programs {
        let second = try await program.run(["daemon"])
        #expect(second.code == 1)
        #expect(second.error.contains("a daemon with pid \(try await fixture.pid()) runs for this configuration"))
      }
      #expect(try await stripped.run(["stop"]).code == 0)
      #expect(try await fixture.shell.run(["status"]).code == 3)
    }
  }

  @Test func aKilledDaemonIsReplaced() async throws {
    try await OnDemandFixture.run { fixture in
      #expect(try await fixture.shell.run(Self.sum).code == 0)
      let first = try await fixture.pid()
      kill(first, SIGKILL)
      try await fixture.eventually("the daemon has ended") { try !fixture.daemons().contains(first) }
      #expect(access(try fixture.workspace.controlSocket(), F_OK) == 0, "its socket is still there")
      let result = try await fixture.shell.run(Self.sum)
      #expect(result.code == 0, "\(result.error)")
      #expect(try await fixture.pid() != first)
    }
  }

  @Test func aDaemonThatEndsIsWaitedFor() async throws {
    try await OnDemandFixture.run { fixture in
      #expect(try await fixture.shell.run(Self.sum).code == 0)
      let first = try await fixture.pid()
      // It does not listen any more while it waits for this call.
      let call = try fixture.shell.start(["call-capability", "demo.wait", "--params", #"{"milliseconds":1500}"#])
      try await fixture.eventually("the call runs") {
        fixture.text(of: try fixture.logPath).contains(#""capability_id":"demo.wait""#)
      }
      kill(first, SIGTERM)
      try await fixture.eventually("it does not listen") { try await fixture.shell.run(["status"]).code == 3 }
      let result = try await fixture.shell.run(Self.sum)
      #expect(result.code == 0, "\(result.error)")
      #expect(try await call.result().code == 0)
      #expect(try await fixture.pid() != first)
    }
  }

  // MARK: Failures

  @Test(arguments: [["--no-start"], ["-p", "1"]])
  func whatForbidsAStartStartsNothing(_ flags: [String]) async throws {
    try await OnDemandFixture.run { fixture async throws in
      #expect(try await fixture.shell.run(Self.sum + flags).code == 3)
      #expect(try fixture.daemons().isEmpty)
      #expect(access("\(fixture.workspace.directory)/state", F_OK) != 0)
    }
  }

  @Test func anInvalidFileStartsNothing() async throws {
    try await OnDemandFixture.run { fixture in
      try fixture.workspace.write("{\n  \"port\": \"x\",\n  \"mcpServers\": []\n}", to: "bad.json")
      let result = try await fixture.shell.run(["list-capabilities", "--config", "bad.json"])
      #expect(result.code == 1)
      #expect(result.output.isEmpty)
      #expect(result.error.contains("bad.json:2:11: error: /port: "))
      #expect(result.error.contains("bad.json:3:17: error: /mcpServers: "))
      #expect(try fixture.daemons().isEmpty)
    }
  }

  @Test(arguments: [
    ("echo 'Error: the disk is on fire' >&2; exit 1", "    the disk is on fire\n"),
    ("exit 0", "    it ended at once and said nothing\n"),
    ("echo half; printf 'a\\nb' >&2", "    a\nb\n"),
  ])
  func aDaemonThatFailsIsQuoted(_ script: String, _ cause: String) async throws {
    try await OnDemandFixture.run { fixture in
      let result = try await fixture.program(startingScript: script).run(Self.sum)
      #expect(result.code == 3)
      #expect(result.output.isEmpty)
      #expect(result.error == "Error: the daemon could not be started\n\nCaused by:\n\(cause)")
    }
  }

  @Test func aMissingProgramIsNamed() async throws {
    try await OnDemandFixture.run { fixture in
      let program = try fixture.program(startingScript: "")
      let daemon = "\(fixture.workspace.directory)/bin/warmplaned"
      unlink(daemon)
      let result = try await program.run(Self.sum)
      #expect(result.code == 3)
      #expect(result.error.contains("cannot start \(daemon): No such file or directory; it belongs beside"))
    }
  }

  @Test func aDaemonThatDoesNotListenIsGivenUp() async throws {
    try await OnDemandFixture.run { fixture in
      let program = try fixture.program(startingScript: "echo $$ > begun\nexec sleep 1000")
      let start = ContinuousClock.now
      let result = try await program.run(Self.sum)
      #expect(result.code == 3)
      #expect(result.error.contains("it did not listen within 10 s"))
      #expect((.seconds(10)..<(.seconds(60))).contains(ContinuousClock.now - start))
      let pid = Int32(fixture.text(of: "\(fixture.workspace.directory)/begun").dropLast()) ?? 0
      #expect(pid > 0 && kill(pid, SIGKILL) == 0)
    }
  }

  @Test func aStateDirectoryThatCannotBeMadeCostsOnlyTheLogFile() async throws {
    try await OnDemandFixture.run { fixture in
      try fixture.workspace.write("a file", to: "state")
      let result = try await fixture.shell.run(Self.sum)
      #expect(result.code == 0, "\(result.error)")
      let logs = try await fixture.shell.run(["logs"])
      #expect(logs.output.contains("the log is not written to a file"))
      #expect(logs.output.contains("tool call success"))
    }
  }

  // MARK: Life

  @Test func aBusyPortCostsOnlyHTTP() async throws {
    let taken = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(taken) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(taken, $0, size)
        _ = listen(taken, 1)
        _ = getsockname(taken, $0, &size)
      }
    }
    let port = UInt16(bigEndian: address.sin_port)
    try await OnDemandFixture.run(DaemonConfig(servers: [.demo("demo")], members: ["port": "\(port)"])) { fixture in
      let foreground = try await fixture.shell.run(["daemon"])
      #expect(foreground.code == 1)
      #expect(foreground.error.contains("\(port)"))
      #expect(try await fixture.shell.run(Self.sum).code == 0)
      let daemon = try await fixture.status()
      #expect(daemon.member("http")?.isNull == true)
      #expect(daemon.member("http_error")?.string?.contains("\(port)") == true)
    }
  }

  @Test func aDaemonWithoutClientsEnds() async throws {
    let config = DaemonConfig(servers: [.demo("demo")], members: ["daemon": #"{"idleExitSeconds": 1}"#])
    let forEver = DaemonConfig(servers: [.demo("demo")], members: ["daemon": #"{"idleExitSeconds": 0}"#])
    try await OnDemandFixture.run(forEver) { other in
      #expect(try await other.shell.run(Self.sum).code == 0)
      let pid = try await other.pid()
      try await Self.endsWithoutClients(config)
      #expect(try await other.pid() == pid, "0 is for ever, and this one is older")
      // Until a reload says otherwise: the time counts from the last client on, and the reload is one.
      try other.workspace.write(config.text, to: "mcp_servers.json")
      #expect(try await other.shell.run(["reload"]).code == 0)
      try await other.eventually("the daemon ends") { try await other.shell.run(["status"]).code == 3 }
    }
  }

  private static func endsWithoutClients(_ config: DaemonConfig) async throws {
    try await OnDemandFixture.run(config) { fixture async throws in
      // A call that takes longer than that is a client all the time.
      let wait = ["call-capability", "demo.wait", "--params", #"{"milliseconds":2200}"#]
      #expect(try await fixture.shell.run(wait).code == 0)
      // Looking at it keeps nobody awake.
      try await fixture.eventually("the daemon ends") { try await fixture.shell.run(["status"]).code == 3 }
      try await fixture.eventually("its process ends") { try fixture.workspace.processes().isEmpty }
      #expect(fixture.text(of: try fixture.logPath).contains("ending because there was no client"))
      #expect(access(try fixture.workspace.controlSocket(), F_OK) != 0)
      #expect(try await fixture.shell.run(sum).code == 0, "the next one is started")
    }
  }
}
