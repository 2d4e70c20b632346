import Foundation
import Glibc
import Platform
import Protocol
import Testing

/// A daemon under a service manager, which here is this test: what it is told, and what a signal does. A real one is in
/// `make test-vm`.
@Suite("service manager", .timeLimit(.minutes(5)))
struct ServiceManagerTests {
  /// Runs a daemon that tells what happens to `manager`.
  private static func run(
    _ config: DaemonConfig, watchdogMicroseconds: Int? = nil,
    _ body: @escaping @Sendable (DaemonFixture, NotifyListener) async throws -> Void
  ) async throws {
    let manager = try NotifyListener()
    var environment = ["NOTIFY_SOCKET": manager.path]
    if let watchdogMicroseconds { environment["WATCHDOG_USEC"] = "\(watchdogMicroseconds)" }
    try await DaemonFixture.run(config, environment: environment) { try await body($0, manager) }
  }

  @Test("it hears when the daemon serves, what its servers are, and when it ends")
  func states() async throws {
    try await Self.run(DaemonConfig(servers: [.demo("demo")])) { daemon, manager in
      let ready = try manager.wait { $0.hasPrefix("READY=1\n") }
      #expect(ready.contains("\nSTATUS=1 server: 1 "), "\(ready)")
      _ = try manager.wait { $0.hasSuffix("STATUS=1 server: 1 ready") }
      let started = try #require(try daemon.log("daemon started").first)
      #expect(started.member("pid")?.int == Int(daemon.pid))
      #expect(started.member("config")?.string == daemon.configPath)
      #expect(started.member("version")?.string == WarmplaneVersion.current)
      #expect(try daemon.stop() == .code(0))
      #expect(try manager.wait { $0.hasPrefix("STOPPING=1\n") }.contains("STATUS=stopping; 1 server"))
      #expect(try daemon.log("daemon stopping").first?.member("reason")?.string == "SIGTERM")
      #expect(try daemon.log("daemon stopped").first?.member("reason")?.string == "SIGTERM")
      #expect(!manager.all.contains { $0.contains("WATCHDOG") }, "nobody asked for it")
    }
  }

  @Test("SIGHUP reads the configuration anew; a bad one is told and changes nothing")
  func hangUp() async throws {
    try await Self.run(DaemonConfig(servers: [.demo("one")])) { daemon, manager in
      _ = try manager.wait { $0.hasSuffix("STATUS=1 server: 1 ready") }
      try daemon.write(DaemonConfig(servers: [.demo("one"), .demo("two")]))
      daemon.signal(SIGHUP)
      let reloading = try manager.wait { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") }
      #expect(reloading.contains("\nSTATUS="))
      _ = try manager.wait { $0.hasPrefix("READY=1\nSTATUS=2 servers: ") }
      try daemon.waitForLog("configuration reloaded") { $0.member("added")?.string == "two" }
      try daemon.wait(for: "two")

      try Data("{".utf8).write(to: URL(fileURLWithPath: daemon.configPath))
      daemon.signal(SIGHUP)
      let failed = try manager.wait { $0.hasPrefix("READY=1\n") && $0.contains("; configuration not reloaded: ") }
      #expect(failed.contains("mcp_servers.json"), "\(failed)")
      try daemon.waitForLog("configuration not reloaded")
      #expect(try daemon.worker("two").member("state")?.string == "ready")
    }
  }

  @Test("signs of life come as often as they are needed, and a new program in the same process goes on with them")
  func watchdogAndUpgrade() async throws {
    let config = DaemonConfig(servers: [.fake("fake")])
    try await Self.run(config, watchdogMicroseconds: 400_000) { daemon, manager in
      let before = try daemon.wait(for: "fake").member("worker_pid")?.int
      try manager.waitForMore { $0 == "WATCHDOG=1" }
      manager.forget()
      let result = try daemon.runWarmplane(["upgrade", "--config", daemon.configPath])
      #expect(result.exit == .code(0), "\(result.error)")
      _ = try manager.wait { $0.hasPrefix("RELOADING=1\n") && $0.contains("STATUS=being replaced; ") }
      _ = try manager.wait { $0.hasPrefix("READY=1\n") }
      try manager.waitForMore { $0 == "WATCHDOG=1" }
      #expect(!manager.all.contains { $0.contains("STOPPING") }, "the service goes on")
      #expect(try daemon.wait(for: "fake").member("worker_pid")?.int == before)
      let names = try daemon.call("fake.env").text
      for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "WARMPLANE_INHERITED"] {
        #expect(!names.contains(name), "\(name)")
      }
    }
  }

  @Test("a hand-over is told as an end")
  func handOver() async throws {
    try await Self.run(DaemonConfig(servers: [.demo("demo")])) { daemon, manager in
      try daemon.wait(for: "demo")
      daemon.signal(SIGUSR2)
      #expect(try daemon.waitForExit() == .code(0))
      _ = try manager.wait { $0.hasPrefix("STOPPING=1\n") }
      let fields = try #require(try daemon.log("daemon stopping").first)
      #expect(fields.member("reason")?.string == "SIGUSR2" && fields.member("workers")?.string == "stay")
      try daemon.start()
    }
  }

  @Test("a daemon that a command started says nothing to the service manager of that command")
  func onDemand() async throws {
    let manager = try NotifyListener()
    let environment = ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "100000"]
    let config = DaemonConfig(servers: [.fake("fake")])
    try await DaemonFixture.run(config, environment: environment, isStarted: false) { daemon in
      let result = try daemon.runWarmplane(["call-capability", "fake.count", "--config", daemon.configPath])
      #expect(result.exit == .code(0), "\(result.error)")
      #expect(try daemon.runWarmplane(["stop", "--config", daemon.configPath]).exit == .code(0))
      #expect(manager.all.isEmpty, "\(manager.all)")
    }
  }

  @Test("an environment that cannot be followed is an error")
  func badEnvironment() async throws {
    try await DaemonFixture.run(
      DaemonConfig(), environment: ["WATCHDOG_USEC": "soon"], isStarted: false
    ) { daemon in
      try daemon.launch()
      #expect(try daemon.waitForExit() == .code(1))
      #expect(daemon.text(of: daemon.logPath) == "Error: WATCHDOG_USEC is no number of microseconds: soon\n")
    }
  }

  @Test("lines for the journal begin with a priority, and are the same otherwise")
  func journal() async throws {
    let script = #"JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@""#
    try await DaemonFixture.run(DaemonConfig(servers: [.demo("demo")]), isStarted: false) { daemon in
      try daemon.start(by: ["/bin/sh", "-c", script, "sh"])
      try daemon.stop()
      let lines = daemon.text(of: daemon.logPath).split(separator: "\n")
      #expect(lines.count > 3)
      for line in lines {
        let record = try JSONSlice(validating: Array(line.dropFirst(3).utf8))
        let priorities = ["INFO": "<6>", "WARN": "<4>", "ERROR": "<3>"]
        #expect(record.member("level")?.string.flatMap { priorities[$0] } == String(line.prefix(3)), "\(line)")
      }
      try Data("{".utf8).write(to: URL(fileURLWithPath: daemon.configPath))
      try daemon.launch(by: ["/bin/sh", "-c", script, "sh"])
      #expect(try daemon.waitForExit() == .code(1))
      #expect(daemon.text(of: daemon.logPath).split(separator: "\n").allSatisfy { $0.hasPrefix("<3>") })
    }
  }
}
