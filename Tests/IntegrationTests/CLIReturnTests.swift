import Foundation
import Glibc
import Protocol
import Testing

/// Commands outlive the daemon that they asked: the next one gives them the answer.
@Suite("commands that come back", .timeLimit(.minutes(5)))
struct CLIReturnTests {
  /// A command in the environment of a fixture, while it runs.
  private struct Running {
    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()

    init(_ daemon: DaemonFixture, _ arguments: [String]) throws {
      process.executableURL = URL(fileURLWithPath: CLIProgram.path)
      process.arguments = arguments + ["--config", daemon.configPath]
      process.environment = Dictionary(
        daemon.allVariables.map { variable in
          let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
          return (String(parts[0]), String(parts[1]))
        }, uniquingKeysWith: { $1 })
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = errors
      try process.run()
    }

    func stop(_ signal: Int32) { kill(process.processIdentifier, signal) }

    func result() -> (code: Int32, output: String, error: String) {
      let text = output.fileHandleForReading.readDataToEndOfFile()
      let error = errors.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return (process.terminationStatus, String(decoding: text, as: UTF8.self), String(decoding: error, as: UTF8.self))
    }
  }

  private static func sleep(_ milliseconds: Int) -> [String] {
    ["call-capability", "fake.sleep", "--params", #"{"ms":\#(milliseconds)}"#, "--request-id", "r"]
  }

  @Test("a call under way is answered by the next daemon", arguments: AdoptionTests.End.allCases)
  func call(end: AdoptionTests.End) async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal", "--prompts", "1")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let command = try Running(daemon, Self.sleep(2000) + ["--no-start"])
      try daemon.waitForCalls(in: "journal")
      try AdoptionTests.replace(daemon, end)
      let result = command.result()
      #expect(result.code == 0 && result.output.contains("slept 2000 ms"), "\(result)")
      #expect(result.output.contains(#""request_id":"r""#) && result.error.isEmpty)
      #expect(IdempotencyTests.calls(daemon) == 1)
    }
  }

  @Test("with worker and daemon gone, the outcome is unknown and nothing is repeated; what was not sent is")
  func lost() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal"), .fake("other", "--journal", "other")])
    let mark = "/tmp/wp-fault-\(UUID().uuidString)"
    defer { unlink(mark) }
    try await DaemonFixture.run(config, environment: ["WARMPLANE_FAULT": "call-queued:\(mark)"]) { daemon in
      let worker = Int32(try #require(try daemon.wait(for: "fake").member("worker_pid")?.int))
      try daemon.wait(for: "other")
      // Dies of its first call, which it has not sent.
      let first = try Running(daemon, ["call-capability", "other.count", "--no-start"])
      try daemon.waitForExit()
      try daemon.start()
      let answered = first.result()
      #expect(answered.code == 0 && answered.output.contains(#""text":"1""#), "\(answered)")
      #expect(IdempotencyTests.calls(daemon, "other") == 1)

      let second = try Running(daemon, Self.sleep(60_000) + ["--no-start"])
      try daemon.waitForCalls(in: "journal")
      daemon.signal(SIGKILL)
      kill(worker, SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
      let unknown = second.result()
      #expect(unknown.code == 1 && unknown.output.contains(#""reason":"outcome_unknown""#), "\(unknown)")
      #expect(
        unknown.output.contains(#""retry":{"classification":"unsafe","upstream_execution_state":"unknown"}"#))
      #expect(IdempotencyTests.calls(daemon) == 1)
    }
  }

  @Test("a command starts the daemon that gives it its answer")
  func startsTheNext() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config, isStarted: false) { daemon in
      let command = try Running(daemon, Self.sleep(2000))
      try daemon.waitForCalls(in: "journal")
      let pid = Int32(try #require(try daemon.status().member("daemon")?.member("pid")?.int))
      kill(pid, SIGKILL)
      let result = command.result()
      #expect(result.code == 0 && result.output.contains("slept 2000 ms"), "\(result)")
      #expect(IdempotencyTests.calls(daemon) == 1)
      #expect(try daemon.status().member("daemon")?.member("pid")?.int != Int(pid))
      #expect(try daemon.runWarmplane(["stop", "--config", daemon.configPath]).exit == .code(0))
    }
  }
}
