import Foundation
import Protocol
import TestSupport

/// The server `Peers/peer.py` as a process of its own, one for all tests. It ends with the test program, whose end
/// closes its standard input.
final class HTTPPeer: Sendable {
  static let shared = Result { try HTTPPeer() }

  private let port: Int
  // Held open: its end is the peer's end.
  private let input = Pipe()

  private init() throws {
    let peers = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Peers")
    let root = peers.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let python = root.appendingPathComponent(".venv/bin/python")
    guard FileManager.default.isExecutableFile(atPath: python.path) else {
      throw TestFailure("\(python.path) is missing; run scripts/setup --test")
    }
    let process = Process()
    process.executableURL = python
    process.arguments = [peers.appendingPathComponent("peer.py").path]
    process.standardInput = input
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    var line: [UInt8] = []
    while line.last != 0x0a {
      guard let byte = try output.fileHandleForReading.read(upToCount: 1)?.first else {
        throw TestFailure("the peer ended before it was ready")
      }
      line.append(byte)
    }
    let ports = try JSONSlice(validating: line)
    guard let port = ports.member("http")?.int else { throw TestFailure("the peer has no port") }
    self.port = port
  }

  /// `http://127.0.0.1:<port>` and `target`, which begins with a slash.
  static func url(_ target: String) throws -> HTTPURL {
    let peer = try shared.get()
    guard let url = HTTPURL("http://127.0.0.1:\(peer.port)\(target)") else { throw TestFailure("no URL: \(target)") }
    return url
  }
}
