import Glibc
import Protocol
import StdioServer

/// An MCP server that behaves: all revisions of the protocol, a handful of tools, one resource, one prompt.
///
/// Requests with a modern envelope are answered on their own; the others follow the legacy handshake, whose only state
/// is whether `initialize` has been answered.
final class DemoServer {
  /// What this process speaks, newest first.
  private static let versions = [MCPVersion.modern] + MCPVersion.legacy
  /// Lists that never change may be kept for an hour, by anybody.
  private static let hour = MCPConnection.CacheHint(ttlMs: 3_600_000, scope: "public")

  let loop = StdioLoop()
  let connection: MCPConnection
  /// Answers of the tool `count`: state that lives as long as the process, so it shows that a session stays warm.
  var count = 0
  /// Calls of the tool `wait` that are not answered yet.
  var waiting: [RequestID: StdioLoop.TimerID] = [:]
  private var isInitialized = false

  init() {
    let loop = self.loop
    connection = MCPConnection(name: "warmplane-demo-server", version: WarmplaneVersion.current) { message in
      // Without a reader there is nothing left to do.
      if !loop.write(message + [0x0A]) { loop.stop() }
    }
  }

  /// Serves until the client closes our input. Calls still running then are dropped: nobody waits for them.
  func run() {
    signal(SIGPIPE, SIG_IGN)
    loop.run(onLine: { receive($0) }, onEnd: { loop.stop() })
  }

  private func receive(_ line: [UInt8]) {
    let message: JSONRPCMessage
    do {
      message = try JSONRPCMessage(parsing: line)
    } catch {
      connection.fail(error.id, code: error.code, message: "\(error)")
      return
    }
    switch message.kind {
    case .request(let id, let method):
      let request = MCPRequest(id: id, method: method, params: message.params)
      do {
        try handle(request)
      } catch {
        connection.fail(request, error)
      }
    case .notification("notifications/cancelled"):
      cancel(message.params?.member("requestId"))
    case .notification, .response, .errorResponse:
      break  // Nothing else that a client may tell us changes what we do.
    }
  }

  // MARK: Requests

  private func handle(_ request: MCPRequest) throws(MCPFailure) {
    if request.isModern {
      try request.checkEnvelope(supported: Self.versions)
      if request.method == "server/discover" { return discover(request) }
    } else {
      switch request.method {
      case "initialize": return try initialize(request)
      case "ping": return connection.answer(request) { _ in }
      case "server/discover": return try request.checkEnvelope(supported: Self.versions)
      default: break
      }
    }
    guard let method = Method(rawValue: request.method) else { throw .methodNotFound(request.method) }
    guard request.isModern || isInitialized else { throw .invalidParams("\(request.method) before initialize") }
    switch method {
    case .listTools: connection.answer(request, cache: Self.hour) { DemoTool.writeList(into: &$0) }
    case .callTool: try call(request)
    case .listResources: connection.answer(request, cache: Self.hour) { DemoContent.writeResources(into: &$0) }
    case .listTemplates: connection.answer(request, cache: Self.hour) { DemoContent.writeTemplates(into: &$0) }
    case .readResource:
      let uri = try request.parameter("uri")
      guard uri == DemoContent.aboutURI else { throw .resourceNotFound(uri, isModern: request.isModern) }
      connection.answer(request, cache: Self.hour) { DemoContent.writeAbout(into: &$0) }
    case .listPrompts: connection.answer(request, cache: Self.hour) { DemoContent.writePrompts(into: &$0) }
    case .getPrompt:
      let name = try request.parameter("name")
      guard name == DemoContent.greet else { throw .invalidParams("Unknown prompt: \(name)") }
      guard let person = request.arguments.json?.member("name")?.string else {
        throw .invalidParams("The prompt \"greet\" needs the argument \"name\"")
      }
      connection.answer(request) { DemoContent.writeGreeting(of: person, into: &$0) }
    }
  }

  /// The methods that both eras have.
  private enum Method: String {
    case listTools = "tools/list"
    case callTool = "tools/call"
    case listResources = "resources/list"
    case listTemplates = "resources/templates/list"
    case readResource = "resources/read"
    case listPrompts = "prompts/list"
    case getPrompt = "prompts/get"
  }

  private func initialize(_ request: MCPRequest) throws(MCPFailure) {
    guard !isInitialized else { throw .rpc(code: -32600, message: "initialize was answered before") }
    let requested = try request.parameter("protocolVersion")
    isInitialized = true
    connection.answer(request) { result in
      result.member("protocolVersion", MCPVersion.negotiated(requested))
      writeCapabilities(into: &result)
      connection.serverInfo(into: &result, key: "serverInfo")
    }
  }

  private func discover(_ request: MCPRequest) {
    connection.answer(request, cache: Self.hour) { result in
      result.member("supportedVersions", Self.versions)
      writeCapabilities(into: &result)
    }
  }

  private func writeCapabilities(into result: inout JSONWriter) {
    result.key("capabilities")
    result.splice(text: #"{"tools":{},"resources":{},"prompts":{}}"#)
    result.member("instructions", "Tools to try warmplane with. Nothing here has an effect outside this process.")
  }

  // MARK: Cancelling

  /// Stops a waiting call; a cancelled request gets no answer. Anything else is done already.
  private func cancel(_ id: JSONSlice?) {
    guard let id = id.flatMap(RequestID.init), let timer = waiting.removeValue(forKey: id) else { return }
    loop.cancel(timer)
  }
}
