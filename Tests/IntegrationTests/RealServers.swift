import Foundation
import Glibc

/// MCP servers that are not ours, installed by scripts/setup, and how to start them.
enum RealServers {
  struct Missing: Error, CustomStringConvertible { let description: String }

  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The entry of an example server, a program of `.venv`.
  static func example(_ id: String, _ program: String, _ arguments: String...) throws -> DaemonConfig.Server {
    DaemonConfig.Server(id: id, command: try installed(".venv/bin/\(program)"), arguments: arguments)
  }

  /// A git repository with one commit and one file that is not in it.
  static func makeRepository(at path: String) throws {
    try shell(
      """
      git init -q -b main '\(path)'; cd '\(path)'
      echo one > committed; git add committed
      git -c user.name=Tester -c user.email=tester@example.org commit -q -m 'the first commit'
      echo two > untracked
      """)
  }

  /// A configuration with time: Python starts slowly on a busy machine, and a silent probe would decide the protocol.
  static func config(_ servers: DaemonConfig.Server...) -> DaemonConfig {
    var config = DaemonConfig(servers: servers)
    config.members = ["toolTimeoutMs": "60000", "daemon": #"{"startSeconds":120,"discoverMs":90000}"#]
    return config
  }

  /// The entry of the server in `Peers` that is written with that generation of the official SDK.
  static func peer(_ id: String, sdk: Int) throws -> DaemonConfig.Server {
    let script = root.appendingPathComponent("Tests/IntegrationTests/Peers/sdk\(sdk)_server.py").path
    // -B: no byte code beside the sources.
    return DaemonConfig.Server(
      id: id, command: try installed(".venv-sdk\(sdk)/bin/python"), arguments: ["-B", script])
  }

  private static func installed(_ path: String) throws -> String {
    let full = root.appendingPathComponent(path).path
    guard access(full, X_OK) == 0 else {
      throw Missing(description: "\(path) is missing: run scripts/setup --test, which needs the network once")
    }
    return full
  }

  /// Runs a shell script to prepare what a server works on.
  static func shell(_ script: String) throws {
    guard let stream = popen("exec 2>&1; set -e; \(script)", "r") else { throw Missing(description: "popen failed") }
    var output: [UInt8] = []
    while case let byte = getc(stream), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
    let status = pclose(stream)
    guard status == 0 else {
      throw Missing(description: "a script failed (status \(status)): \(String(decoding: output, as: UTF8.self))")
    }
  }
}
