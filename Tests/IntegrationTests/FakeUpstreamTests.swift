import Foundation
import Protocol
import Testing

/// The servers that other tests lean on speak MCP correctly, both eras, and misbehave only when told to.
@Suite(.timeLimit(.minutes(5))) struct FakeUpstreamTests {
  static let programs = ["warmplane-demo-server", "warmplane-fake-upstream"]

  @Test(arguments: programs)
  func legacySession(program: String) throws {
    let server = try StdioProcess(program)
    let opened = try server.request(1, "initialize", #"{"protocolVersion":"2025-06-18","capabilities":{}}"#)
    #expect(opened.result?.member("protocolVersion")?.string == "2025-06-18")
    try server.send(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
    let list = try #require(try server.request(2, "tools/list").result)
    #expect(list.member("resultType") == nil)
    let names = try #require(list.member("tools")).elements.compactMap { $0.member("name")?.string }
    #expect(names.contains("echo") && names.contains("count"))
    for expected in ["1", "2"] {
      #expect(try server.request(3, "tools/call", #"{"name":"count"}"#).text == expected)
    }
    #expect(try server.request(4, "tools/call", #"{"name":"no such tool"}"#).errorCode == -32602)
    #expect(try server.request(5, "no/such/method").errorCode == -32601)
    #expect(try server.finish() == 0)
  }

  @Test(arguments: programs)
  func modernRequests(program: String) throws {
    let server = try StdioProcess(program, program == "warmplane-fake-upstream" ? ["--era", "modern"] : [])
    let meta = """
      "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}
      """
    let discovered = try #require(try server.request(1, "server/discover", "{\(meta)}").result)
    #expect(discovered.member("supportedVersions")?.elements.first { $0.isString("2026-07-28") } != nil)
    let list = try #require(try server.request(2, "tools/list", "{\(meta)}").result)
    #expect(list.member("resultType")?.string == "complete")
    #expect(list.member("ttlMs")?.int != nil && list.member("cacheScope")?.string != nil)
    #expect(try server.request(3, "tools/call", #"{"name":"count",\#(meta)}"#).text == "1")
    let other = meta.replacingOccurrences(of: "2026-07-28", with: "2030-01-01")
    #expect(try server.request(4, "tools/list", "{\(other)}").errorCode == -32022)
    #expect(try server.request(5, "server/discover").errorCode == -32602)
    #expect(try server.finish() == 0)
  }

  @Test(arguments: programs)
  func echoKeepsEveryByte(program: String) throws {
    let server = try StdioProcess(program)
    _ = try server.request(1, "initialize", #"{"protocolVersion":"2025-11-25","capabilities":{}}"#)
    let arguments = #"{"n": 12345678901234567890, "x": 1.0, "s": "\u00e9"}"#
    let answer = try server.request(2, "tools/call", #"{"name":"echo","arguments":\#(arguments)}"#)
    #expect(answer.text == arguments)
    if let structured = answer.result?.member("structuredContent") {
      #expect(String(decoding: structured.bytes, as: UTF8.self) == arguments)
    }
  }

  /// A waiting call delays no other; a cancelled one is never answered.
  @Test(arguments: [
    ("warmplane-demo-server", #"{"name":"wait","arguments":{"milliseconds":60000}}"#),
    ("warmplane-fake-upstream", #"{"name":"sleep","arguments":{"ms":60000}}"#),
  ])
  func waitingDelaysNobody(program: String, call: String) throws {
    let server = try StdioProcess(program)
    _ = try server.request(1, "initialize", #"{"protocolVersion":"2025-11-25","capabilities":{}}"#)
    try server.send(#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":\#(call)}"#)
    #expect(try server.request(3, "tools/call", #"{"name":"count"}"#).text == "1")
    try server.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"#)
    #expect(try server.request(4, "tools/call", #"{"name":"count"}"#).text == "2")
    #expect(try server.finish() == 0)
  }
}

extension JSONRPCMessage {
  /// The first text of a tool's result.
  fileprivate var text: String? {
    result?.member("content")?.elements.first { _ in true }?.member("text")?.string
  }
}

/// A server as a child process, asked one question at a time.
private final class StdioProcess {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var pending: [UInt8] = []

  /// Starts a program of this package, which the build puts beside the test's own executable.
  init(_ program: String, _ arguments: [String] = []) throws {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    process.executableURL = URL(filePath: own).deletingLastPathComponent().appending(path: program)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit {
    process.terminate()
  }

  func send(_ line: String) throws {
    try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
  }

  /// Sends a request and returns the next line, which must be its answer: nothing else may come in between.
  func request(_ id: Int, _ method: String, _ params: String = "{}") throws -> JSONRPCMessage {
    try send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
    let message = try JSONRPCMessage(parsing: try #require(try readLine(), "\(method): the server is gone"))
    switch message.kind {
    case .response(.int(Int64(id))), .errorResponse(.int(Int64(id))): break
    default: Issue.record("\(method): not its answer: \(message.kind)")
    }
    return message
  }

  /// Closes the server's input and waits for its end; the exit code.
  func finish() throws -> Int32 {
    try input.fileHandleForWriting.close()
    #expect(try readLine() == nil, "output after the last answer")
    process.waitUntilExit()
    return process.terminationStatus
  }

  private func readLine() throws -> [UInt8]? {
    while true {
      if let end = pending.firstIndex(of: 0x0A) {
        defer { pending.removeSubrange(...end) }
        return Array(pending[..<end])
      }
      // Not `read(upToCount:)`, which waits for all of the count.
      let chunk = output.fileHandleForReading.availableData
      if chunk.isEmpty { return nil }
      pending += chunk
    }
  }
}
