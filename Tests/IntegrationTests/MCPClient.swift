import Foundation
import Glibc
import Platform
import Protocol
import Testing

/// An MCP client made of lines: starts `warmplane mcp-server`, writes what it is told and reads what comes. Blocking.
final class MCPClient {
  struct Failure: Error, CustomStringConvertible { let description: String }

  /// A message from the bridge, and the request that it answers.
  struct Received {
    let message: JSONSlice
    /// The revision that the message is written for.
    let revision: String
    /// Nil for a notification, and for an error that answers nothing in particular.
    let method: String?

    var result: JSONSlice? { message.member("result") }
    var code: Int? { message.member("error")?.member("code")?.int }
    var errorMessage: String? { message.member("error")?.member("message")?.string }
    var data: JSONSlice? { message.member("error")?.member("data") }
    /// The body of a facade tool.
    var body: JSONSlice? { result?.member("structuredContent") }
    /// The same as text.
    var text: String? { result?.member("content")?.elements.first { _ in true }?.member("text")?.string }
    var isError: Bool? { result?.member("isError")?.bool }
    var notification: String? { message.member("method")?.string }
  }

  let process = Process()
  /// How many answers each array had that came.
  private(set) var batches: [Int] = []
  /// All that came, in order; what was in an array one by one.
  private(set) var received: [Received] = []
  /// What came and was not asked for yet.
  private var waiting: [Received] = []
  private var asked: [RequestID: (method: String, revision: String)] = [:]
  private var revision = "2025-11-25"
  private var lastID = 0
  private var lines = LineDecoder(limit: Frame.maximumLength)
  private let input = Pipe()
  private let output = Pipe()

  /// Starts the bridge of the fixture's configuration. `output`: where standard output goes in place of this client.
  convenience init(_ daemon: DaemonFixture, _ arguments: String..., output other: FileHandle? = nil) throws {
    try self.init(daemon, arguments: arguments, output: other)
  }

  init(_ daemon: DaemonFixture, arguments: [String], output other: FileHandle? = nil) throws {
    process.executableURL = URL(fileURLWithPath: CLIProgram.path)
    process.arguments = ["mcp-server", "--config", daemon.configPath] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: daemon.directory)
    process.environment = Dictionary(
      daemon.allVariables.map { variable in
        let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), String(parts[1]))
      }, uniquingKeysWith: { $1 })
    // A process that another test starts at this moment must not hold an end of them open.
    for handle in [input, output].flatMap({ [$0.fileHandleForReading, $0.fileHandleForWriting] }) {
      _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
    }
    process.standardInput = input
    process.standardOutput = other ?? output
    let errors = "\(daemon.directory)/bridge-\(UUID().uuidString).log"
    try Data().write(to: URL(fileURLWithPath: errors))
    let log = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    process.standardError = log
    try process.run()
    try log.close()
    // Else the end of the bridge's output would never be seen.
    try output.fileHandleForWriting.close()
    try input.fileHandleForReading.close()
    signal(SIGPIPE, SIG_IGN)
  }

  // MARK: Opening

  /// Opens at a revision: with the handshake, or with a probe in the modern era.
  @discardableResult
  func open(_ revision: String, name: String = "tester") throws -> Received {
    self.revision = revision
    let info = #"{"name":"\#(name)","version":"7"}"#
    guard revision != "2026-07-28" else { return try request("server/discover", meta: clientInfo(info)) }
    let answer = try request(
      "initialize", #"{"protocolVersion":"\#(revision)","capabilities":{},"clientInfo":\#(info)}"#)
    try send(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
    return answer
  }

  private func clientInfo(_ info: String) -> String { #","io.modelcontextprotocol/clientInfo":\#(info)"# }

  // MARK: Requests

  /// Sends a request and waits for its answer. `params` and `id` are JSON text.
  @discardableResult
  func request(
    _ method: String, _ params: String = "{}", id: String? = nil, meta: String = "", within seconds: Double = 20
  ) throws -> Received {
    let id = try start(method, params, id: id, meta: meta)
    return try answer(id, within: seconds)
  }

  /// Sends a request and returns its id as JSON text.
  @discardableResult
  func start(_ method: String, _ params: String = "{}", id: String? = nil, meta: String = "") throws -> String {
    lastID += 1
    let id = id ?? "\(lastID)"
    var params = params
    // `initialize` is legacy by nature.
    if revision == "2026-07-28", method != "initialize" {
      let members = params.dropFirst().dropLast()
      params =
        #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
        + #""io.modelcontextprotocol/clientCapabilities":{}\#(meta)}\#(members.isEmpty ? "" : ",")\#(members)}"#
    }
    guard let key = RequestID(try JSONSlice(validating: Array(id.utf8))) else { fatalError("no id: \(id)") }
    asked[key] = (method, method == "initialize" ? try proposed(params) : revision)
    try send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
    return id
  }

  private func proposed(_ params: String) throws -> String {
    let version = try JSONSlice(validating: Array(params.utf8)).member("protocolVersion")?.string ?? ""
    return ProtocolRevision(rawValue: version).flatMap { $0.era == .legacy ? version : nil } ?? "2025-11-25"
  }

  /// Calls a facade tool.
  func call(_ tool: String, _ arguments: String = "{}", within seconds: Double = 20) throws -> Received {
    try request("tools/call", #"{"name":"\#(tool)","arguments":\#(arguments)}"#, within: seconds)
  }

  /// Calls an upstream tool by the facade.
  func callCapability(_ id: String, _ arguments: String = "{}") throws -> Received {
    try call("capability_call", #"{"capability_id":"\#(id)","args":\#(arguments)}"#)
  }

  func send(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8)) }

  // MARK: Answers

  /// Waits for the answer to an id, given as JSON text.
  func answer(_ id: String, within seconds: Double = 20) throws -> Received {
    let key = RequestID(try JSONSlice(validating: Array(id.utf8)))
    return try next("an answer to \(id)", within: seconds) { $0.message.member("id").flatMap { RequestID($0) } == key }
  }

  /// Waits for a notification.
  @discardableResult
  func notification(_ method: String, within seconds: Double = 20) throws -> Received {
    try next(method, within: seconds) { $0.notification == method }
  }

  /// Waits for an error that names no request.
  func refusal() throws -> Received {
    try next("an error without id") { $0.code != nil && $0.message.member("id") == nil }
  }

  /// Waits for the next message that `matches` accepts; the others stay.
  func next(_ what: String, within seconds: Double = 20, where matches: (Received) -> Bool) throws -> Received {
    let deadline = MonotonicTime.now + .milliseconds(Int64(seconds * 1000))
    while true {
      if let index = waiting.firstIndex(where: matches) { return waiting.remove(at: index) }
      let rest = (deadline - MonotonicTime.now).wholeMilliseconds
      guard rest > 0, try read(milliseconds: Int32(rest)) else {
        let seen = waiting.map { String(decoding: $0.message.bytes.prefix(200), as: UTF8.self) }
        throw Failure(description: "not within \(seconds) s: \(what); there is \(seen)")
      }
    }
  }

  /// Reads until the bridge closes its output; what it said last.
  func readToEnd() throws -> [Received] {
    while try read(milliseconds: 20_000) {}
    defer { waiting = [] }
    return waiting
  }

  /// One read; false at the end of the output or when nothing came in time.
  private func read(milliseconds: Int32) throws -> Bool {
    let number = output.fileHandleForReading.fileDescriptor
    var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, milliseconds) > 0 else { return false }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = Glibc.read(number, &buffer, buffer.count)
    guard count > 0 else { return false }
    var complete: [LineDecoder.Line] = []
    buffer[..<count].withUnsafeBytes { bytes in lines.feed(bytes) { complete.append($0) } }
    for case .line(let line) in complete { try take(line) }
    return true
  }

  private func take(_ line: [UInt8]) throws {
    let message = try JSONSlice(validating: line)
    guard message.kind == .array else { return take(message) }
    let elements = Array(message.elements)
    batches.append(elements.count)
    for element in elements { take(element) }
  }

  private func take(_ message: JSONSlice) {
    let request = message.member("id").flatMap { RequestID($0) }.flatMap { asked[$0] }
    // What was sent as raw text is not in the book; these two exist at one revision only.
    let isModern =
      message.member("params")?.member("_meta") != nil || message.member("error")?.member("code")?.int == -32022
    let one = Received(
      message: message, revision: request?.revision ?? (isModern ? "2026-07-28" : revision),
      method: message.member("method") == nil ? request?.method : nil)
    received.append(one)
    waiting.append(one)
  }

  // MARK: End

  func closeInput() throws { try input.fileHandleForWriting.close() }

  func closeOutput() throws { try output.fileHandleForReading.close() }

  /// Waits for the end of the bridge; its exit code.
  func exitCode(within seconds: Double = 20) throws -> Int32 {
    let deadline = MonotonicTime.now + .milliseconds(Int64(seconds * 1000))
    while process.isRunning {
      if MonotonicTime.now > deadline { throw Failure(description: "the bridge still runs after \(seconds) s") }
      usleep(2000)
    }
    // Returns at once, and only now does Foundation let go of the process.
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Closes the input, expects the bridge to end well, and checks all that came against the official schemas.
  func finish(sourceLocation: SourceLocation = #_sourceLocation) throws {
    try closeInput()
    #expect(try exitCode() == 0, sourceLocation: sourceLocation)
    try MCPSchemas.check(received, sourceLocation: sourceLocation)
  }

  deinit { if process.isRunning { process.terminate() } }
}
