import Foundation
import Glibc
import Protocol
import Testing

/// A workspace whose daemon is started by commands, and ended when the test is over.
struct OnDemandFixture: Sendable {
  struct Failure: Error, CustomStringConvertible { let description: String }

  /// Programs that run in the workspace, with all variables that a shell has.
  let shell: CLIProgram
  var workspace: CLIWorkspace { shell.workspace }

  /// What MCP clients leave of the environment for the programs that they start.
  static let strippedVariables: Set<String> = ["HOME", "PATH", "SHELL", "TERM", "USER", "LOGNAME"]

  private init(_ config: DaemonConfig) throws {
    let workspace = CLIWorkspace()
    var shell = CLIProgram(in: workspace)
    // Workers inherit variables of the allocator only; it ignores names that it does not know.
    shell.environment = [
      "MALLOC_TEST_MARK": workspace.directory, "XDG_STATE_HOME": "\(workspace.directory)/state", "SHELL": "/bin/sh",
      "USER": "somebody", "LOGNAME": "somebody",
    ]
    self.shell = shell
    try workspace.write(config.text, to: "mcp_servers.json")
  }

  /// Runs `body`, then stops the daemon; the test fails if anything of it remains.
  static func run(
    _ config: DaemonConfig = DaemonConfig(servers: [.demo("demo")]),
    _ body: (OnDemandFixture) async throws -> Void
  ) async throws {
    let fixture = try OnDemandFixture(config)
    do { try await body(fixture) } catch { Issue.record(error) }
    _ = try await fixture.shell.run(["stop"])
    try? await fixture.eventually("all processes end") { try fixture.workspace.processes().isEmpty }
    for pid in try fixture.workspace.processes() {
      Issue.record("process \(pid) remains")
      kill(pid, SIGKILL)
    }
  }

  /// The living daemons of the workspace.
  func daemons() throws -> [Int32] { try workspace.processes(running: "warmplaned --background") }

  /// The `daemon` object of `status`.
  func status(_ program: CLIProgram? = nil) async throws -> JSONSlice {
    let result = try await (program ?? shell).run(["status", "--json"])
    guard result.code == 0, let daemon = try JSONSlice(validating: Array(result.output.utf8)).member("daemon") else {
      throw Failure(description: "status: \(result.code) \(result.error)")
    }
    return daemon
  }

  /// The pid that `status` tells.
  func pid(_ program: CLIProgram? = nil) async throws -> Int32 {
    Int32(try await status(program).member("pid")?.int ?? 0)
  }

  /// Where the daemon keeps its log.
  var logPath: String {
    get throws {
      let hash = try workspace.controlSocket().split(separator: "/").dropLast().last ?? ""
      return "\(workspace.directory)/state/warmplane/\(hash)/daemon.log"
    }
  }

  func text(of path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }

  /// Asks again and again, at most for ten seconds, until it is so.
  func eventually(_ what: String, _ isSo: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try await !isSo() {
      guard ContinuousClock.now < deadline else { throw Failure(description: "not within 10 s: \(what)") }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// A directory with `warmplane` and, in place of `warmplaned`, a script; `$REAL` in it is the real one.
  func program(startingScript script: String) throws -> CLIProgram {
    let real = URL(fileURLWithPath: CLIProgram.path).deletingLastPathComponent().appendingPathComponent("warmplaned")
      .path
    var program = shell
    program.program = try workspace.install(
      in: "bin", script: "REAL='\(real)'\ncd '\(workspace.directory)'\n\(script)")
    return program
  }
}
