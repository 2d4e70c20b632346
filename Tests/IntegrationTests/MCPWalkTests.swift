import Foundation
import Glibc
import Protocol
import Testing

/// Everything that a session may use, as a client of the official SDK sees it: behind warmplane it is what the same client
/// sees of the server itself.
@Suite("MCP: the official SDKs see what the server shows", .timeLimit(.minutes(5)))
struct MCPWalkTests {
  struct Client: Sendable, CustomTestStringConvertible {
    let sdk: Int
    let mode: String
    var testDescription: String { "SDK \(sdk).x, \(mode)" }
  }

  private static let script = "Tests/Peers/mcp_sdk_server.py"

  /// What a client sees; without the version, which is the one of its own hop.
  private static func walk(
    _ client: Client, _ daemon: DaemonFixture, names: String, _ transport: [String]
  ) throws -> [String: String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try MCPPeers.python(sdk: client.sdk))
    process.arguments =
      [
        "-B", try MCPPeers.path("Tests/Peers/mcp_sdk_walk.py"), client.mode, names,
        "\(daemon.directory)/journal-\(UUID().uuidString)",
      ] + transport
    // What the SDK hands on to the bridge.
    process.environment = [
      "HOME": daemon.directory, "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "TERM": "dumb", "USER": "tester",
      "LOGNAME": "tester",
    ]
    let output = "\(daemon.directory)/walk-\(UUID().uuidString)"
    for file in [output, "\(output).err"] { try Data().write(to: URL(fileURLWithPath: file)) }
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(output).err"))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard let line = try? JSONSlice(validating: Array(daemon.text(of: output).utf8)) else {
      throw MCPClient.Failure(description: "\(names): \(daemon.text(of: "\(output).err").suffix(2000))")
    }
    var facts: [String: String] = [:]
    for (key, value) in line.members where !key.isString("version") { facts[key.string ?? ""] = value.json }
    return facts
  }

  @Test(
    "directly, over stdio and over HTTP, with the names of each exposure",
    arguments: [
      Client(sdk: 1, mode: "legacy"), Client(sdk: 2, mode: "legacy"), Client(sdk: 2, mode: "auto"),
    ])
  func walks(client: Client) async throws {
    try await DaemonFixture.run(DaemonConfig(), isStarted: false) { daemon in
      let script = try MCPPeers.path(Self.script)
      let pythons = [1: try MCPPeers.python(sdk: 1), 2: try MCPPeers.python(sdk: 2)]
      let web = try pythons.mapValues { try SDKServer(daemon, $0, script) }
      defer { for server in web.values { server.stop() } }
      var servers: [DaemonConfig.Server] = []
      for (sdk, python) in pythons.sorted(by: { $0.key < $1.key }) {
        servers.append(DaemonConfig.Server(id: "stdio\(sdk)", command: python, arguments: ["-B", script, "stdio"]))
        servers.append(.http("http\(sdk)", web[sdk]?.url ?? ""))
      }
      try daemon.write(DaemonConfig(servers: servers))
      try daemon.start()
      for server in servers { try daemon.wait(for: server.id, within: 60) }
      func behind(_ server: String, _ exposure: String) throws -> [String: String] {
        try Self.walk(
          client, daemon, names: exposure == "direct" ? "own" : "\(exposure):\(server)",
          [
            "stdio", CLIProgram.path, "mcp-server", "--config", daemon.configPath, "--server", server, "--exposure",
            exposure,
          ])
      }
      for (sdk, python) in pythons {
        let itself = try Self.walk(client, daemon, names: "own", ["stdio", python, "-B", script, "stdio"])
        #expect(itself.count > 15)
        for server in ["stdio\(sdk)", "http\(sdk)"] {
          #expect(try behind(server, "direct") == itself, "\(server)")
        }
        var names = itself
        names["instructions"] = nil
        // One of each is enough: what differs is names.
        if sdk == 2 { #expect(try behind("stdio2", "full") == names, "full") }
        if sdk == 1 { #expect(try behind("http1", "compact") == names, "compact") }
      }
    }
  }
}

/// `mcp_sdk_server.py` over HTTP; it ends with this object.
private final class SDKServer: Sendable {
  private let process: Process
  let url: String

  init(_ daemon: DaemonFixture, _ python: String, _ script: String) throws {
    let ready = "\(daemon.directory)/server-\(UUID().uuidString)"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-B", script, "http", ready]
    process.environment = ["PATH": "/usr/bin:/bin"]
    try process.run()
    self.process = process
    let port = try daemon.eventually(within: 60, "the HTTP server listens") { () -> Int? in
      guard process.isRunning else { throw DaemonFixture.Failure(description: "mcp_sdk_server.py ended") }
      return Int(daemon.text(of: ready).trimmingCharacters(in: .whitespacesAndNewlines))
    }
    url = "http://127.0.0.1:\(port)/mcp"
  }

  /// At once: it would wait for its clients' streams.
  func stop() {
    guard process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  deinit { stop() }
}
