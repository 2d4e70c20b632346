import Foundation
import Protocol
import TestSupport

/// The process of `Tests/Peers/oauth/authorization_server.py`, one for all tests. It ends with the test program, whose end
/// closes its standard input.
enum CLIAuthPeer {
  /// The port of its control address.
  static let port = Result { try start() }

  // Held open: its end is the peer's end.
  private static let input = Pipe()

  private static func start() throws -> Int {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try MCPPeers.python(sdk: 1))
    process.arguments = [try MCPPeers.path("Tests/Peers/oauth/authorization_server.py")]
    process.standardInput = input
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    var line: [UInt8] = []
    while line.last != 0x0A {
      guard let byte = try output.fileHandleForReading.read(upToCount: 1)?.first else {
        throw TestFailure("the peer ended before it was ready")
      }
      line.append(byte)
    }
    let address = try JSONSlice(validating: line).member("control")?.string ?? ""
    guard let port = address.split(separator: ":").last.flatMap({ Int($0) }) else {
      throw TestFailure("the peer has no address")
    }
    return port
  }
}
