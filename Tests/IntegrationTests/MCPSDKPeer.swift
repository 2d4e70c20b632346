import Foundation
import Glibc
import Platform
import Protocol
import Testing

/// A Python client that does one step per line.
final class MCPSDKPeer {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var rest: [UInt8] = []
  let facts: JSONSlice

  /// Over stdio, with these flags of the bridge, unless `url` is given.
  init(_ daemon: DaemonFixture, sdk: Int, mode: String, url: String? = nil, flags: [String] = []) throws {
    process.executableURL = URL(fileURLWithPath: try MCPPeers.python(sdk: sdk))
    let place = url.map { [$0] } ?? [CLIProgram.path, "mcp-server", "--config", daemon.configPath] + flags
    process.arguments = [try MCPPeers.path("Tests/Peers/mcp_sdk_client.py"), mode] + place
    // The six variables that the SDK hands on, so that HOME is the fixture's.
    process.environment = [
      "HOME": daemon.directory, "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "TERM": "dumb", "USER": "tester",
      "LOGNAME": "tester",
    ]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    try output.fileHandleForWriting.close()
    let line = try Self.line(output, &rest)
    facts = try #require(line.member("connected"), "\(String(decoding: line.bytes, as: UTF8.self))")
  }

  func step(_ name: String, _ arguments: String = "{}") throws -> JSONSlice {
    try begin(name, arguments)
    return try result()
  }

  /// The first half of a step. With `hearsProgress`, lines of progress come before its result.
  func begin(_ name: String, _ arguments: String = "{}", hearsProgress: Bool = false) throws {
    let line = #"{"do":"\#(name)","with":\#(arguments),"progress":\#(hearsProgress)}"# + "\n"
    try input.fileHandleForWriting.write(contentsOf: Data(line.utf8))
  }

  func result() throws -> JSONSlice { try Self.line(output, &rest) }

  func call(_ tool: String, _ arguments: String = "{}") throws -> JSONSlice {
    let answer = try step("call_tool", #"{"name":"\#(tool)","arguments":\#(arguments)}"#)
    return try #require(answer.member("result"), "\(String(decoding: answer.bytes, as: UTF8.self))")
  }

  private static func line(_ output: Pipe, _ rest: inout [UInt8]) throws -> JSONSlice {
    while true {
      if let end = rest.firstIndex(of: 0x0A) {
        defer { rest.removeSubrange(...end) }
        return try JSONSlice(validating: Array(rest[..<end]))
      }
      var entry = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 60_000) > 0 else { throw MCPClient.Failure(description: "the SDK says nothing") }
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw MCPClient.Failure(description: "the SDK client has ended") }
      rest += data
    }
  }

  func finish() throws {
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
