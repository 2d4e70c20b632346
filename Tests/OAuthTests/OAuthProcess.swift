import Foundation
import TestSupport

/// The program that wants tokens from a process of its own. Blocking.
final class OAuthProcess {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  /// Starts it; it waits for `go`.
  init(_ arguments: [String]) throws {
    process.executableURL = URL(fileURLWithPath: try ProductPath.of("warmplane-oauth-exerciser"))
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    guard try output.fileHandleForReading.read(upToCount: 6) == Data("ready\n".utf8) else {
      throw TestFailure("the exerciser is not ready")
    }
  }

  func go() throws { try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8)) }

  func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

  /// What it printed, when it has ended.
  func lines() throws -> [String] {
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return text.split(separator: "\n").map(String.init)
  }
}
