import Foundation
import Glibc
import Testing

/// `validate-config`, `daemon`, and what all commands say about config files and missing daemons.
@Suite struct CLIConfigTests {
  private static let valid = #"{"mcpServers":{"a":{"command":"x"},"b":{"url":"http://127.0.0.1/mcp"}}}"#
  private static let warned = "{\n  \"prot\": 1,\n  \"mcpServers\": {}\n}"
  private static let invalid = "{\n  \"mcpServers\": {\n    \"a\": {}\n  }\n}"

  @Test func aValidFileGivesOneLine() async throws {
    let workspace = CLIWorkspace()
    try workspace.write(Self.valid, to: "mcp_servers.json")
    let result = try await CLIProgram(in: workspace).run(["validate-config"])
    #expect(result.code == 0)
    #expect(result.output == #"{"ok":true,"config":"mcp_servers.json","servers":2}"# + "\n")
    #expect(result.error.isEmpty)
  }

  @Test func warningsAreInBothPlaces() async throws {
    let workspace = CLIWorkspace()
    try workspace.write(Self.warned, to: "w.json")
    let result = try await CLIProgram(in: workspace).run(["--config=./w.json", "validate-config"])
    #expect(result.code == 0)
    #expect(result.error == "./w.json:2:3: warning: /prot: unknown key \"prot\"; did you mean \"port\"?\n")
    #expect(
      result.output
        == #"{"ok":true,"config":"./w.json","servers":0,"warnings":[{"pointer":"/prot","line":2,"column":3,"#
        + #""severity":"warning","message":"unknown key \"prot\"; did you mean \"port\"?"}]}"# + "\n")
  }

  @Test func strictMakesWarningsErrors() async throws {
    let workspace = CLIWorkspace()
    try workspace.write(Self.warned, to: "w.json")
    let result = try await CLIProgram(in: workspace).run(["validate-config", "-c", "w.json", "--strict"])
    #expect(result.code == 1)
    #expect(result.output.isEmpty)
    #expect(result.error.hasPrefix("w.json:2:3: error: /prot: "))
  }

  @Test func anInvalidFileTellsWhere() async throws {
    let workspace = CLIWorkspace()
    try workspace.write(Self.invalid, to: "mcp_servers.json")
    let program = CLIProgram(in: workspace)
    let text = try await program.run(["validate-config"])
    #expect(text.code == 1)
    #expect(text.output.isEmpty)
    #expect(text.error.hasPrefix("mcp_servers.json:3:10: error: /mcpServers/a: "))
    let json = try await program.run(["validate-config", "--json"])
    #expect(json.code == 1)
    #expect(json.output.hasPrefix(#"{"ok":false,"config":"mcp_servers.json","problems":[{"pointer":"/mcpServers/a","#))
    #expect(json.error.isEmpty)
  }

  @Test func withoutAFileBothDefaultsAreNamed() async throws {
    let workspace = CLIWorkspace()
    let program = CLIProgram(in: workspace)
    let user = "\(workspace.directory)/.config/warmplane/mcp_servers.json"
    for (command, code) in [("validate-config", 1), ("daemon", 1), ("status", 3), ("stop", 3)] {
      let result = try await program.run([command])
      #expect(result.code == Int32(code))
      #expect(result.output.isEmpty)
      #expect(result.error.contains("./mcp_servers.json") && result.error.contains(user))
    }
  }

  @Test(arguments: [
    ["status"], ["stop"], ["list-capabilities", "--no-start"], ["call-capability", "a.b", "--no-start"],
  ])
  func withoutADaemonTheCommandToRunIsNamed(_ command: [String]) async throws {
    let workspace = CLIWorkspace()
    try workspace.write(Self.valid, to: "my servers.json")
    let result = try await CLIProgram(in: workspace).run(command + ["--config", "my servers.json"])
    #expect(result.code == 3)
    #expect(result.output.isEmpty)
    #expect(result.error.contains("warmplane daemon --config 'my servers.json'"))
    #expect(result.error.contains("\n\nCaused by:\n    0: connect \(workspace.runtimeDirectory)/warmplane/"))
  }

  @Test func aSocketThatNobodyListensOnIsNobody() async throws {
    let workspace = CLIWorkspace()
    try workspace.write(Self.valid, to: "mcp_servers.json")
    let daemon = try CLIScriptedDaemon.start(at: try workspace.controlSocket()) { _ in .body(200, #"{"ok":true}"#) }
    let program = CLIProgram(in: workspace)
    #expect(try await program.run(["status"]).code == 0)
    // Another listener takes the place of the first and is closed: the file stays.
    daemon.stop()
    let path = try workspace.controlSocket()
    unlink(path)
    let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(stale, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
    close(stale)
    let result = try await program.run(["status"])
    #expect(result.code == 3)
    #expect(result.error.contains("Connection refused"))
  }

  @Test func facadeCommandsRefuseAnInvalidFile() async throws {
    let workspace = CLIWorkspace()
    try workspace.write(Self.invalid, to: "mcp_servers.json")
    let result = try await CLIProgram(in: workspace).run(["list-capabilities"])
    #expect(result.code == 1)
    #expect(result.error.contains("\n\nCaused by:\n    mcp_servers.json:3:10: error: /mcpServers/a: "))
  }

  @Test func daemonBecomesTheProgramBesideIt() async throws {
    let workspace = CLIWorkspace()
    try workspace.write(Self.valid, to: "mcp_servers.json")
    var program = CLIProgram(in: workspace)
    program.program = try workspace.install(in: "bin")
    let missing = try await program.run(["daemon"])
    #expect(missing.code == 1)
    #expect(missing.error.hasPrefix("Error: cannot start the daemon: \(workspace.directory)/bin/warmplaned; "))
    _ = try workspace.install(in: "bin", script: "echo \"$@\"\nexit 7")
    let plain = try await program.run(["daemon"])
    #expect(plain.code == 7)
    #expect(plain.output == "--config mcp_servers.json\n")
    let full = try await program.run(["-p0", "--strict", "daemon", "-c", "./mcp_servers.json"])
    #expect(full.output == "--config ./mcp_servers.json --port 0 --strict\n")
  }
}
