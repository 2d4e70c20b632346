import Foundation
package import Protocol

/// A program of others that tests talk to: it says in one line of JSON where it is, and ends when its standard input does,
/// which at the latest is with the test program.
package final class PeerProgram: Sendable {
  /// The line.
  package let announcement: JSONSlice
  // Held open: its end is the program's end.
  private let input = Pipe()

  /// Starts `python script` and waits for the line. Both are paths in the checkout.
  package init(_ script: String, python: String) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let (interpreter, file) = (root.appendingPathComponent(python).path, root.appendingPathComponent(script).path)
    for path in [interpreter, file] where !FileManager.default.isReadableFile(atPath: path) {
      throw TestFailure("\(path) is missing; run scripts/setup --test")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: interpreter)
    process.arguments = [file]
    process.standardInput = input
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    var line: [UInt8] = []
    while line.last != 0x0A {
      guard let byte = try output.fileHandleForReading.read(upToCount: 1)?.first else {
        throw TestFailure("\(script) ended before it was ready")
      }
      line.append(byte)
    }
    announcement = try JSONSlice(validating: line)
  }
}
