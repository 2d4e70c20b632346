import Configuration
import Platform
import Protocol
import Telemetry

/// MCP over HTTP: what comes to its endpoints.
extension FrontRouter {
  /// Called on the loop, within the HTTP library's call.
  func serveMCP(_ route: MCPRoute, _ exchange: HTTPExchange, _ endpoint: MCPEndpoint) {
    do throws(MCPHTTPRefusal) {
      let (scope, exposure) = try place(route, exchange.head, endpoint)
      switch route.endpoint {
      case .streamable: try stream(exchange, endpoint, scope, exposure)
      case .events: try openEvents(exchange, endpoint, scope, exposure)
      case .messages(let session): try message(exchange, session)
      }
    } catch {
      exchange.refuse(error)
    }
  }

  /// What the request's target stands for. 404 when there is no such thing here.
  private func place(
    _ route: MCPRoute, _ head: RequestHead, _ endpoint: MCPEndpoint
  ) throws(MCPHTTPRefusal) -> (ScopeName, Exposure?) {
    // What is said within a session has an answer of its own then.
    if isStopping, route.endpoint != .streamable { throw .beingReplaced }
    if route.endpoint != .streamable, !endpoint.hasEvents {
      throw MCPHTTPRefusal(status: 404, message: "There is no such route; mcp.sse of the configuration opens it")
    }
    let path: ScopeName
    switch route.scope {
    case .everything: path = endpoint.profile.map { .profile($0) } ?? .everything
    case .server(let id): path = .server(id)
    case .profile(let profile): path = .profile(profile)
    }
    let name = try path.agreeing(with: head)
    guard isServed(name, at: endpoint) else {
      throw MCPHTTPRefusal(unknownScope(name) { endpoint.serves($0) })
    }
    let exposure = try route.exposure.map { text throws(MCPHTTPRefusal) in try Self.exposure(text) }
    if let failure = refusal(of: name, exposure) { throw MCPHTTPRefusal(failure) }
    return (name, exposure)
  }

  /// Whether there is such a scope, and it may be seen there.
  func isServed(_ name: ScopeName, at endpoint: MCPEndpoint) -> Bool { endpoint.serves(name) && scope(name) != nil }

  private static func exposure(_ text: String) throws(MCPHTTPRefusal) -> Exposure {
    if let exposure = Exposure(rawValue: text) { return exposure }
    let known = Exposure.allCases.map(\.rawValue).joined(separator: ", ")
    throw MCPHTTPRefusal(status: 400, message: "The parameter exposure must be one of \(known)")
  }

  private func stream(
    _ exchange: HTTPExchange, _ endpoint: MCPEndpoint, _ scope: ScopeName, _ exposure: Exposure?
  ) throws(MCPHTTPRefusal) {
    let check = MCPRequestCheck(
      fields: MCPRequestFields(exchange),
      isServed: { method, revision in
        MCPMethod(rawValue: method).map { $0.exists(in: revision.era) } ?? false
      },
      toolSchema: { self.toolSchema($0, scope, exposure) })
    if isStopping { return try answerAtEnd(exchange, check) }
    switch exchange.method {
    case .post:
      switch try check.post(body: exchange.body, isBodyTooLarge: exchange.isBodyTooLarge) {
      case .request(let message, _, _, _, let accepts): request(message, exchange, endpoint, accepts, scope, exposure)
      case .notification: exchange.respond(status: 202, contentType: nil)
      case .legacy(let message, let accepts):
        let post = SessionPost(
          exchange: exchange, endpoint: endpoint, scope: scope, exposure: exposure, check: check, accepts: accepts)
        // A new session is none of the earlier ones.
        if post.opensSession(with: message) { return receive(message, post) }
        mcpHTTP.gate.pass(exchange) { self.receive(message, post) }
      case .batch(let array, let accepts):
        let post = SessionPost(
          exchange: exchange, endpoint: endpoint, scope: scope, exposure: exposure, check: check, accepts: accepts)
        mcpHTTP.gate.pass(exchange) { self.receive(batch: array, post) }
      }
    case .get:
      let id = try check.sessionID()
      try check.checkStreamAccepted()
      mcpHTTP.gate.pass(exchange) { self.openStream(exchange, id, check.fields.lastEventID, scope) }
    case .delete:
      let id = try check.sessionID()
      mcpHTTP.gate.pass(exchange) { self.deleteSession(exchange, id, scope) }
    default: throw .methodNotAllowed("GET, POST, DELETE")
    }
  }

  /// The daemon ends, and does nothing any more. A session goes on with the next one: what is said in it is answered as a
  /// message, for there are clients that take any status of an error for the end of their session (Python SDK 1.x).
  private func answerAtEnd(_ exchange: HTTPExchange, _ check: MCPRequestCheck) throws(MCPHTTPRefusal) {
    guard exchange.method == .post, check.fields.session != .absent,
      case .legacy(let message, _) = try check.post(body: exchange.body, isBodyTooLarge: exchange.isBodyTooLarge),
      case .request(let id, _) = message.kind
    else { throw .beingReplaced }
    var data = JSONWriter()
    data.beginObject()
    data.member("reason", "stopping")
    data.endObject()
    exchange.respond(
      status: 200,
      body: JSONRPCWriter.error(
        id: id, code: MCPErrorCode.internalError,
        message: "The daemon is ending or being replaced; this was not carried out.", data: JSONSlice(assembled: data)))
  }

  /// Which headers a call of the tool must have. Our own tools have none.
  private func toolSchema(_ params: JSONSlice, _ scope: ScopeName, _ exposure: Exposure?) -> ParameterSchema? {
    guard let name = params.member("name")?.string else { return nil }
    let view = modernView(scope, exposure)
    guard view.exposure != .compact, let tool = view.names(.capability, catalog).entry(named: name),
      scoped(view.scope).lists(tool)
    else { return nil }
    return try? ParameterSchema(tool.item.member("inputSchema"))
  }

  /// A client of 2026-07-28 says who it is in each request, and gets what URL or profile say.
  private func modernView(_ name: ScopeName, _ exposure: Exposure?) -> MCPView {
    let chosen = exposure ?? scope(name)?.profile?.exposure ?? .compact
    return view(name, chosen == .auto ? .compact : chosen)
  }

  // MARK: 2026-07-28

  private func request(
    _ message: JSONRPCMessage, _ exchange: HTTPExchange, _ endpoint: MCPEndpoint, _ accepts: AcceptedForms,
    _ scope: ScopeName, _ exposure: Exposure?
  ) {
    let isListening = if case .request(_, MCPMethod.listen.rawValue) = message.kind { true } else { false }
    if isListening, !endpoint.streams.hasRoom { return exchange.refuse(.tooManyStreams) }
    var forms = accepts
    // Only a stream can tell of changes.
    if endpoint.prefersJSON, forms.json, !isListening { forms.stream = false }
    let channel = HTTPRequestChannel(exchange, forms, endpoint.streams, loop: loop)
    let session = openMCP(channel, scope, exposure)
    let key = ObjectIdentifier(channel)
    mcpHTTP.requests[key] = (channel, session, endpoint)
    channel.onEnd = {
      self.mcpHTTP.requests[key] = nil
      self.closeMCP(session)
    }
    channel.watch()
    receiveMCP(message, session)
  }

  // MARK: 2024-11-05

  private func openEvents(
    _ exchange: HTTPExchange, _ endpoint: MCPEndpoint, _ scope: ScopeName, _ exposure: Exposure?
  ) throws(MCPHTTPRefusal) {
    guard exchange.method == .get else { throw .methodNotAllowed("GET") }
    guard AcceptedForms(exchange.headers("accept")).stream else {
      throw MCPHTTPRefusal(status: 406, message: "Not Acceptable: the client must accept text/event-stream")
    }
    guard endpoint.streams.hasRoom else { throw .tooManyStreams }
    guard mcpHTTP.eventSessions.count + mcpHTTP.sessions.count < settings.configuration.mcp.maxSessions else {
      throw .tooManySessions
    }
    let channel = LegacySSEChannel(
      id: SessionTable<LegacySSEChannel>.freshID(), owner: Self.owner(of: scope), endpoint)
    guard channel.open(exchange, messages: "/messages?session_id=\(channel.id)") else { return }
    let session = openMCP(channel, scope, exposure)
    channel.session = session
    mcpHTTP.eventSessions[channel.id] = channel
    watchLists(of: session)
    channel.onEnd = {
      self.mcpHTTP.eventSessions[channel.id] = nil
      self.closeMCP(session)
    }
  }

  private func message(_ exchange: HTTPExchange, _ id: String?) throws(MCPHTTPRefusal) {
    guard exchange.method == .post else { throw .methodNotAllowed("POST") }
    var fields = MCPRequestFields(exchange)
    // The answer has no body, so that nothing need be accepted; and this revision knows none of the headers.
    (fields.accept, fields.version) = ([], .absent)
    guard let id else { throw .missingSession }
    guard let channel = mcpHTTP.eventSessions[id] else { throw .unknownSession }
    let check = MCPRequestCheck(fields: fields, isServed: { _, _ in false }, toolSchema: { _ in nil })
    guard case .legacy(let message, _) = try check.post(body: exchange.body, isBodyTooLarge: exchange.isBodyTooLarge)
    else { throw MCPHTTPRefusal(status: 400, message: "This revision has no batches") }
    exchange.respond(status: 202, contentType: nil)
    receiveMCP(message, channel.session)
  }

  // MARK: Sessions and their owners

  /// Until callers have tokens, whoever comes in is the same; but a session stays at the path that it was opened at.
  static func owner(of scope: ScopeName) -> String { scope.text ?? "" }
}

extension MCPHTTPRefusal {
  static let tooManySessions = MCPHTTPRefusal(
    status: 503, code: MCPErrorCode.internalError, message: "Too many sessions; end some, or try again later")
  static let tooManyWaiting = MCPHTTPRefusal(
    status: 503, code: MCPErrorCode.internalError,
    message: "Too many requests wait until the sessions of the last daemon are read; try again later")
  static let beingReplaced = MCPHTTPRefusal(
    status: 503, code: MCPErrorCode.internalError,
    message: "The daemon is ending or being replaced; the request may have been carried out")
}
