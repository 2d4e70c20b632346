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

  /// What a client sees on each walk; without the version, which is the one of its own hop.
  private static func walk(
    _ client: Client, _ daemon: DaemonFixture, _ walks: [[String]]
  ) throws -> [[String: String]] {
    let files = "\(daemon.directory)/walk-\(UUID().uuidString)"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try MCPPeers.python(sdk: client.sdk))
    process.arguments = ["-B", try MCPPeers.path("Tests/Peers/mcp_sdk_walk.py"), client.mode, "\(files).journal"]
    // What the SDK hands on to the bridge.
    process.environment = [
      "HOME": daemon.directory, "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "TERM": "dumb", "USER": "tester",
      "LOGNAME": "tester",
    ]
    let lines = try walks.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) + "\n" }
    try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: "\(files).in"))
    for end in ["out", "err"] { try Data().write(to: URL(fileURLWithPath: "\(files).\(end)")) }
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(files).in"))
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(files).out"))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(files).err"))
    try process.run()
    process.waitUntilExit()
    let seen = try daemon.text(of: "\(files).out").split(separator: "\n").map { line in
      let walk = try JSONSlice(validating: Array(line.utf8))
      let facts = walk.members.map { ($0.key.string ?? "", $0.value.json) }.filter { $0.0 != "version" }
      return Dictionary(facts, uniquingKeysWith: { $1 })
    }
    guard seen.count == walks.count else {
      throw MCPClient.Failure(
        description: "\(walks[seen.count]): \(daemon.text(of: "\(files).err").suffix(2000))")
    }
    return seen
  }

  @Test(
    "whatever carries it on either side, and under the names of each exposure",
    arguments: [
      Client(sdk: 1, mode: "legacy"), Client(sdk: 2, mode: "legacy"), Client(sdk: 2, mode: "auto"),
    ])
  func walks(client: Client) async throws {
    try await DaemonFixture.run(DaemonConfig(), isStarted: false) { daemon in
      let script = try MCPPeers.path(Self.script)
      let pythons = [1: try MCPPeers.python(sdk: 1), 2: try MCPPeers.python(sdk: 2)]
      let web = try pythons.mapValues { try SDKServer(daemon, python: $0, script) }
      defer { for server in web.values { server.stop() } }
      var servers: [DaemonConfig.Server] = []
      for (sdk, python) in pythons.sorted(by: { $0.key < $1.key }) {
        servers.append(DaemonConfig.Server(id: "stdio\(sdk)", command: python, arguments: ["-B", script, "stdio"]))
        servers.append(.http("http\(sdk)", web[sdk]?.url ?? ""))
      }
      try daemon.write(DaemonConfig(servers: servers))
      try daemon.start()
      for server in servers { try daemon.wait(for: server.id, within: 60) }
      func behind(_ server: String, _ exposure: String) -> [String] {
        [
          exposure == "direct" ? "own" : "\(exposure):\(server)", "stdio", CLIProgram.path, "mcp-server", "--config",
          daemon.configPath, "--server", server, "--exposure", exposure,
        ]
      }
      var walks: [[String]] = []
      for (_, python) in pythons.sorted(by: { $0.key < $1.key }) {
        walks.append(["own", "stdio", python, "-B", script, "stdio"])
      }
      // Of the other exposures one each is enough: what differs is names.
      walks += servers.map { behind($0.id, "direct") } + [behind("http1", "compact"), behind("stdio2", "full")]
      walks += servers.map { ["own", "http", "http://127.0.0.1:\(daemon.port)/mcp/\($0.id)?exposure=direct"] }
      var seen = try Self.walk(client, daemon, walks)
      let (first, second) = (seen.removeFirst(), seen.removeFirst())
      #expect(first.count > 15 && second.count == first.count)
      #expect(seen[0] == first, "SDK 1.x over stdio")
      #expect(seen[1] == first, "SDK 1.x over HTTP")
      #expect(seen[2] == second, "SDK 2.x over stdio")
      #expect(seen[3] == second, "SDK 2.x over HTTP")
      #expect(seen[4] == first.filter { $0.key != "instructions" }, "SDK 1.x, compact")
      #expect(seen[5] == second.filter { $0.key != "instructions" }, "SDK 2.x, full")
      #expect(seen[6] == first && seen[7] == first, "by HTTP: SDK 1.x")
      #expect(seen[8] == second && seen[9] == second, "by HTTP: SDK 2.x")
    }
  }
}
