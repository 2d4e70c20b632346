import Foundation
import Glibc
import Platform
import Protocol
import Testing

/// While a service manager brings its daemon back, nobody starts another one.
@Suite("managed daemon", .timeLimit(.minutes(5)))
struct ManagedDaemonTests {
  private static func run(_ body: @escaping @Sendable (DaemonFixture) async throws -> Void) async throws {
    let manager = try NotifyListener()
    let config = DaemonConfig(servers: [.fake("fake")])
    try await DaemonFixture.run(config, environment: ["NOTIFY_SOCKET": manager.path]) { daemon in
      try daemon.wait(for: "fake")
      try await body(daemon)
      // A daemon that a command started is nobody's child.
      _ = try daemon.runWarmplane(["stop", "--config", daemon.configPath])
    }
    withExtendedLifetime(manager) {}
  }

  private static func mark(_ daemon: DaemonFixture) -> String {
    "\((daemon.controlSocket as NSString).deletingLastPathComponent)/managed"
  }

  private static func background(_ daemon: DaemonFixture) -> Bool {
    daemon.processes().values.contains { $0.contains("warmplaned --background") }
  }

  @Test(
    "a command and a bridge wait for it, and go on with its servers", arguments: [SIGKILL, SIGUSR2],
    [[], ["--no-start"]])
  func comesBack(end: Int32, flags: [String]) async throws {
    try await Self.run { daemon in
      #expect(access(Self.mark(daemon), F_OK) == 0)
      let worker = try daemon.worker("fake").member("worker_pid")?.int
      let client = try flags.isEmpty ? MCPClient(daemon) : MCPClient(daemon, "--no-start")
      try client.open("2025-11-25")
      daemon.signal(end)
      try daemon.waitForExit()
      let command = try daemon.startWarmplane(
        ["call-capability", "fake.count", "--config", daemon.configPath] + flags)
      let call = #"{"name":"capability_call","arguments":{"capability_id":"fake.count","args":{}}}"#
      let request = try client.start("tools/call", call)
      usleep(700_000)
      #expect(!Self.background(daemon))
      #expect(waitpid(command, nil, WNOHANG) == 0, "it waits")
      try daemon.start()
      #expect(try client.answer(request).body?.member("ok")?.bool == true)
      var status: Int32 = -1
      try daemon.eventually(within: 20, "the command ends") {
        waitpid(command, &status, WNOHANG) == command ? true : nil
      }
      #expect(status == 0)
      #expect(!Self.background(daemon))
      #expect(try daemon.wait(for: "fake").member("worker_pid")?.int == worker)
      try client.finish()
    }
  }

  @Test("a daemon that was stopped is not waited for, nor is what somebody else says")
  func stopped() async throws {
    try await Self.run { daemon in
      #expect(try daemon.stop() == .code(0))
      #expect(access(Self.mark(daemon), F_OK) != 0)
      if geteuid() == 0 {
        try Data().write(to: URL(fileURLWithPath: Self.mark(daemon)))
        chown(Self.mark(daemon), 12345, 12345)
      }
      let start = MonotonicTime.now
      let result = try daemon.runWarmplane(["call-capability", "fake.count", "--config", daemon.configPath])
      #expect(result.exit == .code(0), "\(result.error)")
      #expect(MonotonicTime.now - start < .seconds(8))
      #expect(Self.background(daemon))
      #expect(access(Self.mark(daemon), F_OK) != 0, "a daemon that a command started is not expected back")
    }
  }

  @Test("a daemon that does not come back is replaced in the end")
  func lost() async throws {
    try await Self.run { daemon in
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      let start = MonotonicTime.now
      let result = try daemon.runWarmplane(["call-capability", "fake.count", "--config", daemon.configPath])
      #expect(result.exit == .code(0), "\(result.error)")
      let elapsed = MonotonicTime.now - start
      #expect(elapsed >= .seconds(9) && elapsed < .seconds(19), "\(elapsed)")
      #expect(Self.background(daemon))
    }
  }
}
