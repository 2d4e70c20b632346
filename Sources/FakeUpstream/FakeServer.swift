import Glibc
import Protocol
import StdioServer

/// The server behind the flags: what arrives is noted, may be swallowed, and is answered one request at a time.
final class FakeServer {
  let options: FakeOptions
  let loop = StdioLoop()
  let journal: Journal
  let output: FakeOutput
  let connection: MCPConnection

  var isInitialized = false
  /// Calls that wait for a timer, by the request they will answer.
  var sleeping: [RequestID: StdioLoop.TimerID] = [:]
  /// Calls of `ask` that wait for the client's answer, by the id of our request.
  var asked: [String: MCPRequest] = [:]
  var questions = 0
  /// Ids that `notifications/cancelled` named, known or not, as JSON text.
  var cancelledIDs: [[UInt8]] = []
  /// Open `subscriptions/listen` requests that want to hear of tools, oldest first.
  var toolSubscriptions: [RequestID] = []
  /// What those requests want to hear of resources, by their ids.
  var resourceListens: [RequestID: [String]] = [:]
  /// Legacy: resources that are subscribed, and the level that was set.
  var subscribed: Set<String> = []
  var logLevel: MessageLevel?
  var addedTools: [String] = []
  var counter = 0
  var listedTools = false

  private var requests = 0
  private var calls = 0
  private var isDeaf = false
  private var isFirstRequest = true
  private var exitCode: Int32 = 0

  init(_ options: FakeOptions) {
    self.options = options
    journal = Journal(file: options.journalFile)
    let output = FakeOutput(options, loop: loop)
    self.output = output
    connection = MCPConnection(name: "warmplane-fake-upstream", version: WarmplaneVersion.current) { output.send($0) }
  }

  /// Serves until told otherwise; the exit code.
  func run() -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    journal.watchTerm(ignoring: options.ignoresTerm)
    journal.write("start \(getpid())")
    if let file = options.escapeFile { Escape.start(file: file) }
    output.floodStderr()
    if let code = options.exitAtStart {
      StdioLoop.complain("warmplane-fake-upstream: exiting with \(code) as told")
      end(code)
    }
    // usleep returns early on a signal, and that is fine: SIGTERM has been noted or has ended us.
    if options.slowStart > 0 { usleep(UInt32(clamping: options.slowStart * 1000)) }
    output.begin()
    if options.stopReadingAfter == 0 { loop.isReading = false }
    loop.run(onLine: { receive($0) }, onEnd: { endOfInput() })
    journal.write("exit")
    return exitCode
  }

  /// Leaves at once, with a line in the journal.
  func end(_ code: Int32) -> Never {
    journal.write("exit")
    exit(code)
  }

  private func endOfInput() {
    journal.write("eof")
    if !options.ignoresEOF { loop.stop() }
  }

  // MARK: Messages

  private func receive(_ line: [UInt8]) {
    journal.write("recv ", line)
    let message: JSONRPCMessage
    do {
      message = try JSONRPCMessage(parsing: line)
    } catch {
      if !isDeaf { connection.fail(error.id, code: error.code, message: "\(error)") }
      return
    }
    switch message.kind {
    case .request(let id, let method):
      receive(MCPRequest(id: id, method: method, params: message.params))
    case .notification("notifications/cancelled"):
      cancel(message.params?.member("requestId"))
    case .notification:
      break
    case .response(let id), .errorResponse(.some(let id)):
      answerQuestion(id, with: line)
    case .errorResponse(nil):
      break
    }
  }

  private func receive(_ original: MCPRequest) {
    var request = original
    switch options.era {
    case .legacy: request.isModern = false
    case .modern: request.isModern = true
    case .dual: break
    }
    requests += 1
    output.floodStderr()
    if let limit = options.hangAfter, limit > 0 ? requests > limit : !Self.isOpening(request.method) { isDeaf = true }
    if !isDeaf {
      if let delay = options.lateMethods[request.method] {
        loop.after(milliseconds: delay) { [self] in answer(request) }
      } else {
        answer(request)
      }
      isFirstRequest = false
      if request.method == "tools/call" { countCall() }
    }
    if requests == options.stopReadingAfter { loop.isReading = false }
  }

  private func answer(_ request: MCPRequest) {
    do {
      try handle(request)
    } catch {
      connection.fail(request, error)
    }
  }

  /// What a client sends before it makes calls.
  private static func isOpening(_ method: String) -> Bool {
    ["initialize", "server/discover", "subscriptions/listen"].contains(method) || method.hasSuffix("/list")
  }

  private func countCall() {
    calls += 1
    if calls == options.exitAfterCalls { end(0) }
  }

  private func handle(_ request: MCPRequest) throws(MCPFailure) {
    if options.listErrors.contains(request.method) {
      throw .rpc(code: -32603, message: "\(request.method) fails as told")
    }
    if request.isModern {
      // A legacy client shows its user nothing but this sentence, so it names the versions.
      if request.method == "initialize" {
        let requested = request.params?.member("protocolVersion")?.string ?? ""
        throw .unsupportedVersion(requested, supported: supportedVersions)
      }
      try request.checkEnvelope(supported: supportedVersions)
      if request.method == "server/discover" { return discover(request) }
      if request.method == "subscriptions/listen" { return listen(request) }
    } else {
      switch request.method {
      case "initialize": return try initialize(request)
      case "ping": return connection.answer(request) { _ in }
      case "server/discover" where !isInitialized: return try probed(request)
      default: break
      }
    }
    try serve(request)
  }

  /// The requests that both eras have.
  private func serve(_ request: MCPRequest) throws(MCPFailure) {
    let capability = String(request.method.prefix { $0 != "/" })
    if !request.isModern, isInitialized, try tellingRequest(request) { return }
    if request.method == "completion/complete", options.completes { return try complete(request) }
    let known = capabilities.contains(capability) && Self.methods.contains(request.method)
    if !known, isFirstRequest, !request.isModern, options.onProbe == .exit { end(1) }
    guard known else { throw .methodNotFound(request.method) }
    guard request.isModern || isInitialized else { throw .invalidParams("\(request.method) before initialize") }
    switch request.method {
    case "tools/list": try listTools(request)
    case "tools/call": try call(request)
    case "resources/list": listResources(request)
    case "resources/templates/list": listTemplates(request)
    case "resources/read": try readResource(request)
    case "prompts/list": listPrompts(request)
    case "prompts/get": try getPrompt(request)
    default: fatalError("a method of FakeServer.methods is not served: \(request.method)")
    }
  }

  private static let methods: Set = [
    "tools/list", "tools/call", "resources/list", "resources/templates/list", "resources/read", "prompts/list",
    "prompts/get",
  ]

  /// Legacy, before `initialize`: how servers of the field react to a method they have never heard of.
  private func probed(_ request: MCPRequest) throws(MCPFailure) {
    if options.isDeafAfterProbe { isDeaf = true }
    switch options.onProbe {
    case .error where isDeaf: break
    case .error: throw .methodNotFound(request.method)
    case .exit: end(1)
    case .silent: break
    case .garbage: output.sendRaw("I do not understand \(request.method)")
    }
  }

  // MARK: Cancelling

  /// Stops a sleeping call, a question or a subscription; what is cancelled gets no answer.
  private func cancel(_ id: JSONSlice?) {
    guard let id else { return }
    cancelledIDs.append(Array(id.bytes))
    guard let id = RequestID(id) else { return }
    if let timer = sleeping.removeValue(forKey: id) {
      loop.cancel(timer)
      journal.write("cancelled ", cancelledIDs[cancelledIDs.count - 1])
    }
    asked = asked.filter { $0.value.id != id }
    toolSubscriptions.removeAll { $0 == id }
    resourceListens[id] = nil
  }
}
