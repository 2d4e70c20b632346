import Protocol
import Testing

/// `restart <server>`, and what a reload does to single servers (contract §1.7).
@Suite("restart", .timeLimit(.minutes(5)))
struct ReloadRestartTests {
  @Test("a ready server gets a new process; the others keep theirs")
  func ready() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("a"), .fake("b")])) { daemon in
      try daemon.wait(for: "a")
      try daemon.wait(for: "b")
      let (a, b) = try (daemon.call("a.pid").content, daemon.call("b.pid").content)
      let result = try daemon.warmplane("restart", "a")
      #expect(result.exit == .code(0))
      #expect(result.output == #"{"ok":true,"server":"a"}"# + "\n")
      // A call waits for the new process.
      #expect(try daemon.call("a.pid").content != a)
      #expect(try daemon.call("b.pid").content == b)
      #expect(try daemon.worker("a").member("restarts")?.int == 0)
    }
  }

  @Test("an unknown server is refused with the nearest name, a disabled or misconfigured one with its readiness")
  func refused() async throws {
    let config = DaemonConfig(servers: [
      .fake("server"), .fake("off", members: ["disabled": "true"]),
      .fake("unset", members: ["env": #"{"A": "${WARMPLANE_TEST_UNSET}"}"#]),
    ])
    try await DaemonFixture.run(config) { daemon in
      let answers = [
        "sever": "Server \"sever\" is not in the configuration of this daemon. Did you mean \"server\"?",
        "off": "Server \"off\" is disabled in the configuration.",
        "unset": "Server \"unset\" cannot be started: env.A: the variable \"WARMPLANE_TEST_UNSET\" is not set "
          + "(the environment of the daemon counts, not the caller's).",
      ]
      for (server, message) in answers {
        let result = try daemon.warmplane("restart", server)
        #expect(result.exit == .code(1) && result.output.isEmpty, "\(result)")
        #expect(result.error == "Error: \(message)\n")
      }
      #expect(try daemon.call("server.echo").status == 200)
    }
  }

  @Test("a crash-looping server is tried at once, and its count is cleared")
  func crashLoop() async throws {
    let config = DaemonConfig(servers: [
      .switched("s", "--exit-at-start 1", then: "--journal journal --exit-at-start 0")
    ])
    try await DaemonFixture.run(config) { daemon in
      // Each call makes the next attempt start at once.
      try daemon.eventually(within: 20, "the server is given up for a while") {
        _ = try daemon.call("s.echo")
        return try daemon.worker("s").member("state")?.string == "crash_loop" ? true : nil
      }
      #expect(try daemon.worker("s").member("restarts")?.int ?? 0 > 0)
      #expect(try daemon.http().list().readinessCode("s") == "crash_loop")
      let attempts = try daemon.log("upstream server restarting").count
      try daemon.turnSwitch("s")
      #expect(try daemon.warmplane("restart", "s").output == #"{"ok":true,"server":"s"}"# + "\n")
      try daemon.eventually("another attempt was made") {
        try daemon.log("upstream server restarting").count > attempts ? true : nil
      }
      #expect(try daemon.worker("s").member("restarts")?.int ?? 99 <= 1)
      #expect(try daemon.worker("s").member("state")?.string != "crash_loop")
    }
  }

  @Test("a server that a reload disables ends and is not listed; enabled again it is as before")
  func disabled() async throws {
    let config = DaemonConfig(servers: [.fake("a", "--prompts", "1"), .fake("b")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "a")
      try daemon.wait(for: "b")
      let before = try daemon.http().list().entries
      var off = config
      off.servers[0].members["disabled"] = "true"
      for (next, state) in [(off, "disabled"), (config, "ready")] {
        try daemon.write(next)
        #expect(
          try daemon.warmplane("reload").output == #"{"ok":true,"added":[],"removed":[],"changed":["a"]}"# + "\n")
        try daemon.wait(for: "a", toBe: state)
        guard state == "disabled" else { continue }
        let http = try daemon.http()
        #expect(try http.list().ids.allSatisfy { $0.hasPrefix("b.") })
        #expect(try http.list("prompts").ids.isEmpty)
        #expect(try http.list().readinessCode("a") == "disabled")
        #expect(try http.call("a.echo").reason == "disabled")
        try daemon.eventually("its process is gone") {
          daemon.processes().values.filter { $0.contains("warmplane-fake-upstream") }.count == 1 ? true : nil
        }
      }
      #expect(
        try daemon.eventually("all is listed again") {
          let entries = try daemon.http().list().entries
          return entries == before ? true : nil
        })
    }
  }

  @Test("a strict daemon is strict about the new file too")
  func strict() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("a")]), isStarted: false) { daemon in
      try daemon.start(["--strict"])
      try daemon.write(DaemonConfig(servers: [.fake("b")], members: ["prot": "1"]))
      let result = try daemon.warmplane("reload")
      #expect(result.exit == .code(1) && result.output.isEmpty)
      #expect(result.error.contains(#": error: /prot: unknown key "prot"; did you mean "port"?"#), "\(result.error)")
      #expect(try daemon.http().list().readinessCode("b") == nil)
      #expect(try daemon.call("a.echo").status == 200)
    }
  }

  @Test("a list that fails after a restart keeps its ids, also for the next daemon; the server is degraded")
  func failedList() async throws {
    let config = DaemonConfig(servers: [
      .switched("s", "--resources 2 --prompts 1", then: "--list-error tools/list --list-error resources/list")
    ])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "s")
      let http = try daemon.http()
      let before = try ["capabilities", "resources", "prompts"].map { try http.list($0).entries }
      try daemon.turnSwitch("s")
      #expect(try daemon.warmplane("restart", "s").exit == .code(0))
      try daemon.wait(for: "s", toBe: "degraded")
      #expect(try ["capabilities", "resources", "prompts"].map { try http.list($0).entries } == before)
      #expect(try http.call("s.echo").status == 200)
      let message = try http.list().readiness("s")?.member("message")?.string ?? ""
      #expect(message.contains("tools/list failed") && message.contains("resources/list failed"), "\(message)")
      #expect(try daemon.stop() == .code(0))
      try daemon.start()
      #expect(try ["capabilities", "resources", "prompts"].map { try daemon.http().list($0).entries } == before)
      try daemon.wait(for: "s", toBe: "degraded")
      #expect(try ["capabilities", "resources", "prompts"].map { try daemon.http().list($0).entries } == before)
    }
  }
}
