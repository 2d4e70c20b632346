import Foundation
import Glibc
import Testing

/// A server of the official SDK over HTTP: a Python program that writes the port it listens on to the file that is its last
/// argument. It ends with this object.
final class SDKServer: Sendable {
  private let process: Process
  let url: String

  /// Runs `script http` with these arguments and the file, and waits until it listens.
  init(_ daemon: DaemonFixture, python: String, _ script: String, _ arguments: String...) throws {
    let ready = "\(daemon.directory)/server-\(UUID().uuidString)"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-B", script, "http"] + arguments + [ready]
    process.environment = ["PATH": "/usr/bin:/bin"]
    try process.run()
    self.process = process
    let port = try daemon.eventually(within: 60, "the HTTP server listens") { () -> Int? in
      guard process.isRunning else { throw DaemonFixture.Failure(description: "\(script) ended") }
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
