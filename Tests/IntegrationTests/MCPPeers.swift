import Foundation
import Glibc
import Platform
import Protocol
import Testing

/// Programs of others that the tests need. `scripts/setup --test` installs them; a missing one fails the test.
enum MCPPeers {
  struct Missing: Error, CustomStringConvertible { let description: String }

  /// The root of the checkout.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A file of the checkout that must be there.
  static func path(_ name: String) throws -> String {
    let path = root.appendingPathComponent(name).path
    guard access(path, R_OK) == 0 else { throw Missing(description: "\(path) is missing; run scripts/setup --test") }
    return path
  }

  static func python(sdk: Int) throws -> String { try path(".venv-sdk\(sdk)/bin/python") }
}

/// The official JSON schemas.
enum MCPSchemas {
  /// Records an issue if one of the messages is not what its revision allows.
  static func check(_ messages: [MCPClient.Received], sourceLocation: SourceLocation) throws {
    let cases = messages.map { one in
      var writer = JSONWriter(oneLine: true)
      writer.beginObject()
      writer.member("revision", one.revision)
      writer.member("method", one.method)
      writer.member("message", one.message)
      writer.endObject()
      return String(decoding: writer.finish(), as: UTF8.self)
    }
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("mcp-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let (input, output) = (directory.appendingPathComponent("in"), directory.appendingPathComponent("out"))
    let errors = directory.appendingPathComponent("err")
    try Data(cases.map { $0 + "\n" }.joined().utf8).write(to: input)
    for file in [output, errors] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try MCPPeers.python(sdk: 1))
    process.arguments = [
      try MCPPeers.path("Tests/Peers/validate_mcp.py"), try MCPPeers.path("Tests/Fixtures/mcp-schema"),
    ]
    process.standardInput = try FileHandle(forReadingFrom: input)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    let complaints = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
    let count = String(decoding: try Data(contentsOf: output), as: UTF8.self).dropLast()
    #expect(process.terminationStatus == 0, "\(complaints)", sourceLocation: sourceLocation)
    #expect(Int(count) == messages.count, "all were looked at", sourceLocation: sourceLocation)
  }
}
