import Glibc
import Platform
import Protocol

/// One connection to an MCP endpoint over HTTP, raw: headers and bodies as they are written here, answers as JSON or
/// events. Blocking; reads give up after 20 s.
final class MCPHTTPClient {
  struct Event: Equatable {
    var name = "message"
    var id: String?
    var data = ""
    var retry: Int?

    var json: JSONSlice { (try? JSONSlice(validating: Array(data.utf8))) ?? .trusted("null") }
  }

  static let meta =
    #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"#
    + #""io.modelcontextprotocol/clientInfo":{"name":"raw","version":"1"}}"#
  static let both = "Accept: application/json, text/event-stream"

  let http: SurfaceHTTPClient
  let path: String
  /// Sent with each request.
  var session: String?
  var revision: String?
  private var decoder = EventStreamDecoder(limit: 64 << 20)
  private var events: [Event] = []

  init(_ daemon: DaemonFixture, path: String = "/mcp", port: Int? = nil) throws {
    http = try SurfaceHTTPClient(port: port ?? daemon.port)
    self.path = path
  }

  /// Another connection to the same session.
  init(_ other: MCPHTTPClient, port: Int, host: UInt32 = 0x7F00_0001) throws {
    http = try SurfaceHTTPClient(port: port, host: host)
    (path, session, revision) = (other.path, other.session, other.revision)
  }

  // MARK: Requests

  private func headers(_ more: [String]) -> [String] {
    let own = [session.map { "Mcp-Session-Id: \($0)" }, revision.map { "MCP-Protocol-Version: \($0)" }]
    return own.compactMap { $0 } + more
  }

  /// A POST of a JSON body; both forms are accepted unless `headers` say otherwise.
  @discardableResult
  func post(_ body: String, _ headers: [String] = []) throws -> SurfaceHTTPClient.Answer {
    try begin(body, headers)
    return try answer()
  }

  /// The same, without waiting.
  func begin(_ body: String, _ more: [String] = []) throws {
    var lines = headers(more)
    if !more.contains(where: { $0.lowercased().hasPrefix("accept:") }) { lines.append(Self.both) }
    if !more.contains(where: { $0.lowercased().hasPrefix("content-type:") }) {
      lines.append("Content-Type: application/json")
    }
    try http.send(SurfaceHTTPClient.bytes("POST", path, headers: lines, body: Array(body.utf8)))
  }

  func request(_ method: String, _ more: [String] = []) throws -> SurfaceHTTPClient.Answer {
    try http.send(SurfaceHTTPClient.bytes(method, path, headers: headers(more)))
    return try answer()
  }

  /// The next answer. One that is a stream has no body yet; see `event()`.
  func answer() throws -> SurfaceHTTPClient.Answer {
    decoder = EventStreamDecoder(limit: 64 << 20)
    events = []
    return try http.answer()
  }

  /// Opens a session; the answer's result.
  @discardableResult
  func open(_ revision: String = "2025-11-25") throws -> SurfaceHTTPClient.Answer {
    let answer = try post(
      #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\#(revision)","capabilities":{},"#
        + #""clientInfo":{"name":"raw","version":"1"}}}"#)
    session = answer.header("mcp-session-id")
    self.revision = revision == "2024-11-05" ? nil : revision
    try post(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
    return answer
  }

  static func call(_ id: Int, _ capability: String, _ arguments: String = "{}") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":\#(parameters(capability, arguments))}"#
  }

  static func parameters(_ capability: String, _ arguments: String = "{}", more: String = "") -> String {
    #"{"name":"capability_call","arguments":{"capability_id":"\#(capability)","args":\#(arguments)}\#(more)}"#
  }

  /// A request of 2026-07-28 and its headers.
  static func modern(_ id: Int, _ method: String, _ parameters: String = "", name: String? = nil) -> (String, [String])
  {
    let body =
      #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(parameters)\#(parameters.isEmpty ? "" : ",")\#(meta)}}"#
    return (
      body,
      ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: \(method)"] + (name.map { ["Mcp-Name: \($0)"] } ?? [])
    )
  }

  // MARK: Streams

  /// The next event; nil when the stream ends, properly or not.
  func event() throws -> Event? {
    let deadline = MonotonicTime.now + .seconds(20)
    while events.isEmpty {
      // Comments would keep it reading for ever.
      guard MonotonicTime.now < deadline else { throw MCPClient.Failure(description: "no event comes") }
      guard let chunk = try http.chunk() else { return nil }
      chunk.withUnsafeBytes { bytes in
        decoder.feed(bytes) { element in
          guard case .event(let event) = element else { return }
          events.append(Event(name: event.name, id: event.id, data: String(decoding: event.data, as: UTF8.self)))
        }
      }
    }
    return events.removeFirst()
  }

  /// Events without the ones that carry nothing.
  func message() throws -> JSONSlice? {
    while let event = try event() { if !event.data.isEmpty { return event.json } }
    return nil
  }

  /// The text of a capability's result, in a facade tool's result.
  static func text(_ message: JSONSlice?) -> String? {
    let text = message?.member("result")?.member("content")?.elements.first { _ in true }?.member("text")?.string
    let envelope = text.flatMap { try? JSONSlice(validating: Array($0.utf8)) }
    return envelope?.member("data")?.member("content")?.elements.first { _ in true }?.member("text")?.string
  }
}
