import Foundation
import Glibc
import Platform
import Protocol
import TestSupport
import Testing

/// The fixtures of the public MCP conformance suite that need nothing of the client, served and asked by the official SDK, with
/// warmplane between them in direct exposure: every result is, member by member, what it is without us.
@Suite("MCP: the fixtures of the conformance suite", .timeLimit(.minutes(10)))
struct MCPFixtureTests {
  enum Way: String, CaseIterable { case stdio, http }

  /// Which SDK serves, over both ways; which one asks, in which mode, and how.
  struct Cell: CustomTestStringConvertible, Sendable {
    let server: Int
    let client: Int
    /// `legacy` or `auto`.
    let mode: String
    let downstream: Way

    var testDescription: String { "server \(server).x, client \(client).x (\(mode)) over \(downstream)" }
  }

  private static let pairs: [(server: Int, client: Int, mode: String)] = [
    (1, 1, "legacy"), (1, 2, "legacy"), (2, 2, "auto"),
  ]

  static let cells = pairs.flatMap { pair in
    Way.allCases.map { Cell(server: pair.server, client: pair.client, mode: pair.mode, downstream: $0) }
  }

  @Test("a client sees what it sees without us", arguments: cells)
  func same(cell: Cell) async throws {
    try await DaemonFixture.run(DaemonConfig(), isStarted: false) { daemon in
      let expected = try Self.direct(cell, daemon)
      let servers = try Way.allCases.map { (way: $0, server: try FixtureServer(daemon, sdk: cell.server, over: $0)) }
      defer { for (_, server) in servers { server.end() } }
      let entries = servers.map { way, server -> DaemonConfig.Server in
        switch way {
        case .stdio: .init(id: "stdio", command: server.command[0], arguments: Array(server.command.dropFirst()))
        case .http: .init(id: "http", command: "", url: server.url)
        }
      }
      try daemon.write(DaemonConfig(servers: entries))
      try daemon.start()
      for (way, server) in servers {
        try daemon.wait(for: way.rawValue, within: 60)
        let seen = try Self.run(cell, server.journal, Self.target(daemon, way.rawValue, cell.downstream))
        Self.compare(seen, expected, "server over \(way)")
      }
    }
  }

  /// How a client reaches a server behind the daemon.
  private static func target(_ daemon: DaemonFixture, _ server: String, _ way: Way) -> [String] {
    switch way {
    case .http: return ["http", "http://127.0.0.1:\(daemon.port)/mcp/\(server)?exposure=direct"]
    case .stdio:
      // The SDK hands on six variables only.
      let variables = daemon.allVariables.filter { $0.hasPrefix("XDG_") || $0.hasPrefix("HOME=") }
      return ["stdio", "/usr/bin/env"] + variables + [
        CLIProgram.path, "mcp-server", "--config", daemon.configPath, "--server", server, "--exposure", "direct",
        "--no-start",
      ]
    }
  }

  /// What the client sees without warmplane.
  private static func direct(_ cell: Cell, _ daemon: DaemonFixture) throws -> JSONSlice {
    let server = try FixtureServer(daemon, sdk: cell.server, over: cell.downstream)
    defer { server.end() }
    let target = cell.downstream == .stdio ? ["stdio"] + server.command : ["http", server.url]
    return try run(cell, server.journal, target)
  }

  private static func run(_ cell: Cell, _ journal: String, _ target: [String]) throws -> JSONSlice {
    let output = try FixtureServer.output(
      of: [
        try MCPPeers.python(sdk: cell.client), try MCPPeers.path("Tests/Peers/conformance/client.py"), cell.mode,
        journal,
      ] + target)
    return try JSONSlice(validating: output)
  }

  private static func compare(_ seen: JSONSlice, _ expected: JSONSlice, _ place: String) {
    for (key, value) in expected.members {
      let name = key.string ?? ""
      let mine = seen.member(name)
      if name == "opening" {
        for part in ["version", "server", "instructions"] {
          #expect(text(mine?.member(part)) == text(value.member(part)), "\(place), opening: \(part)")
        }
        for (capability, announced) in value.member("capabilities")?.members ?? JSONSlice.emptyObject.members {
          let word = capability.string ?? ""
          // What nobody understands is not announced.
          if ["experimental", "extensions"].contains(word) { continue }
          #expect(text(mine?.member("capabilities")?.member(word)) == text(announced), "\(place), opening: \(word)")
        }
      } else {
        #expect(text(mine) == text(value), "\(place), \(name)")
      }
    }
  }

  private static func text(_ slice: JSONSlice?) -> String? {
    slice.map { String(decoding: $0.compacted(), as: UTF8.self) }
  }
}

/// `Tests/Peers/conformance/server.py`.
private struct FixtureServer {
  /// For stdio: whoever asks starts it.
  let command: [String]
  let journal: String
  /// Nil over stdio.
  private let web: SDKServer?

  var url: String { web?.url ?? "" }

  init(_ daemon: DaemonFixture, sdk: Int, over way: MCPFixtureTests.Way) throws {
    let (python, script) = (try MCPPeers.python(sdk: sdk), try MCPPeers.path("Tests/Peers/conformance/server.py"))
    journal = "\(daemon.directory)/journal-\(UUID().uuidString)"
    command = [python, "-B", script, "stdio", journal]
    web = way == .http ? try SDKServer(daemon, python: python, script, journal) : nil
  }

  func end() { web?.stop() }

  /// Runs a program to its end, at most 120 s, and gives what it printed.
  static func output(of command: [String]) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    let scratch = try ScratchDirectory()
    let (output, errors) = ("\(scratch.path)/out", "\(scratch.path)/err")
    for path in [output, errors] { try Data().write(to: URL(fileURLWithPath: path)) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    let timer = DispatchSource.makeTimerSource()
    timer.schedule(deadline: .now() + 120)
    timer.setEventHandler { process.terminate() }
    timer.resume()
    process.waitUntilExit()
    timer.cancel()
    let complaints = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
    try #require(process.terminationStatus == 0, "\(complaints.suffix(2000))")
    return Array(try Data(contentsOf: URL(fileURLWithPath: output)))
  }
}
