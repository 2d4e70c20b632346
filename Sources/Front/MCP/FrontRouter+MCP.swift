import Configuration
import Platform
import Protocol
import Supervisor
import Telemetry

/// MCP clients: their sessions, and which way each request takes.
extension FrontRouter {
  // MARK: Sessions

  /// Opens a session for a client that asked for this scope and exposure. It keeps the exposure, and `direct` its server, as
  /// long as it lasts. `server`: that of a session that goes on.
  func openMCP(
    _ channel: any MCPChannel, _ name: ScopeName, _ exposure: Exposure?, of server: String? = nil
  ) -> MCPSession {
    let exposure = exposure ?? scope(name)?.profile?.exposure ?? .compact
    let session = MCPSession(
      channel, view(name, exposure == .auto ? .compact : exposure, of: server), choosesExposure: exposure == .auto)
    mcp.sessions[ObjectIdentifier(session)] = session
    session.onUnwatch = { [unowned session] resources in self.interests.unwatch(resources, session) }
    return session
  }

  /// The client is gone; what runs for it is given up by its channel.
  func closeMCP(_ session: MCPSession) {
    guard mcp.sessions.removeValue(forKey: ObjectIdentifier(session)) != nil else { return }
    interests.forget(session)
    session.end()
    guard mcp.sessions.isEmpty else { return }
    mcp.settling?.cancel()
    mcp.settling = nil
  }

  /// What clients of this scope and exposure see. `direct` shows one server: `server`, else the scope's only one, else none.
  func view(_ name: ScopeName, _ exposure: Exposure, of server: String? = nil) -> MCPView {
    let scope = scope(name) ?? .empty(name)
    let key = MCPView.Key(
      scope: name, exposure: exposure, server: exposure == .direct ? server ?? scope.onlyServer : nil)
    if let view = mcp.views[key] { return view }
    let view = MCPView(key, scope)
    view.lists = { uri, server in self.catalog.lists(uri, of: server) }
    mcp.views[key] = view
    return view
  }

  /// The configuration has changed: scopes show what they show now.
  func rescopeViews() {
    let used = Set(mcp.sessions.values.map(\.view.key))
    mcp.views = mcp.views.filter { used.contains($0.key) }
    for (key, view) in mcp.views { view.apply(scope(key.scope) ?? .empty(key.scope)) }
  }

  /// Why no session can begin with this scope and exposure; nil when it can.
  func refusal(of name: ScopeName, _ exposure: Exposure?) -> OperationFailure? {
    guard let scope = scope(name) else { return unknownScope(name) }
    guard exposure == .direct, scope.onlyServer == nil else { return nil }
    return .badRequest(
      "The exposure direct shows one server: name a server, or a profile of exactly one server.", "invalid_field")
  }

  /// A bridge says hello: from now on its frames are MCP messages, unless it is told a failure.
  func attachMCP(_ control: ControlSession) -> OperationFailure? {
    if !control.isReturning, let failure = refusal(of: control.scope, control.exposure) { return failure }
    let session = openMCP(control, control.scope, control.exposure, of: control.directServer)
    control.exposure = session.choosesExposure ? .auto : session.view.exposure
    control.directServer = session.view.key.server
    control.onPayload = { self.receiveMCP($0, session) }
    mcp.bridges[ObjectIdentifier(control)] = session
    noteRole(of: control, asking: "mcp")
    watchLists(of: session)
    return nil
  }

  /// The bridge is gone; its operations are given up by the control server.
  func detachMCP(_ control: ControlSession) {
    control.onPayload = nil
    if let session = mcp.bridges.removeValue(forKey: ObjectIdentifier(control)) { closeMCP(session) }
  }

  // MARK: Messages

  private func receiveMCP(_ payload: [UInt8], _ session: MCPSession) {
    let message: JSONRPCMessage
    do {
      message = try JSONRPCMessage(parsing: payload)
    } catch {
      return session.refuse(MCPRefusal(id: error.id, code: error.code, message: "The message is invalid: \(error)"))
    }
    if case .notification(BridgeMethod.reask) = message.kind { return session.noteReask(message.params) }
    receiveMCP(message, session)
  }

  func receiveMCP(_ message: JSONRPCMessage, _ session: MCPSession) {
    switch session.state.receive(message) {
    case .ignore: forgetEarlier(message, session)
    // Its silence on the log level counts from now on.
    case .confirm:
      if session.isReturning { tellLists(session) }
      interests.noteLevel(of: session)
    case .refuse(let refusal): session.refuse(refusal)
    case .initialize(let id, let revision):
      session.isReturning = session.reasked.removeValue(forKey: id) != nil
      let client = message.params?.member("clientInfo")
      session.note(client, era: .legacy)
      if session.choosesExposure {
        session.view = view(session.view.key.scope, SchemaDeferral.exposure(for: client))
        watchLists(of: session)
      }
      withFace(session, id, revision) { session.reply(id, MCPResult.initialize(id, at: revision, $0)) }
    case .pong(let id): session.reply(id, JSONRPCWriter.result(id: id, .emptyObject))
    case .serve(let id, let method, let revision): serve(session, id, method, revision, message.params)
    case .cancel(let id):
      session.cancel(id)
      // It may still wait for what the workers of an earlier daemon have.
      forgetEarlier(message, session)
    }
  }

  /// The client may mean a request that an earlier daemon took.
  private func forgetEarlier(_ message: JSONRPCMessage, _ session: MCPSession) {
    guard case .notification("notifications/cancelled") = message.kind,
      let id = message.params?.member("requestId").flatMap({ RequestID($0) }),
      let origin = RequestOrigin(client: session.channel.client, id: id, reaskedAt: nil)
    else { return }
    giveUpAdopted(origin.key)
  }

  private func serve(
    _ session: MCPSession, _ id: RequestID, _ method: MCPMethod, _ revision: ProtocolRevision, _ params: JSONSlice?
  ) {
    // A modern client says who it is in every request; once is enough for us, unless it opens anew.
    if revision.era == .modern, session.channel.era != .modern || method == .discover {
      session.note(ModernEnvelope(params)?.clientInfo, era: .modern)
    }
    guard let wishes = CallWishes(params, at: revision, sessionLevel: session.effectiveLevel) else {
      return session.refuse(
        id, code: MCPErrorCode.invalidParams, "_meta has a \"\(MetaKey.logLevel)\" that is no level")
    }
    let serve = {
      self.noteServer(of: session.view)
      guard session.view.announced?.has(method) ?? true else {
        return session.refuse(id, code: MCPErrorCode.methodNotFound, "Method not found: \(method.rawValue)")
      }
      self.serve(session, id, method, revision, params, wishes)
    }
    // Only the server knows whether it has the method.
    if session.view.announced == nil, method != .discover, isAwaited(session.view) {
      return awaitServer(session, id, revision, serve)
    }
    serve()
  }

  private func serve(
    _ session: MCPSession, _ id: RequestID, _ method: MCPMethod, _ revision: ProtocolRevision, _ params: JSONSlice?,
    _ wishes: CallWishes
  ) {
    func call(_ form: MCPCall.Form) -> MCPCall { MCPCall(session, id, at: revision, form, wishes) }
    switch method {
    case .initialize, .ping: fatalError("\(method.rawValue) is answered by the session itself")
    case .discover:
      withFace(session, id, revision) { session.answer(id, MCPResult.discover(id, at: revision, $0)) }
    // They come at once, so that no cursor is ours.
    case .toolsList where session.view.exposure == .compact && params?.member("cursor")?.isNull == false:
      refuseCursor(session, id)
    case .toolsList where session.view.exposure == .compact:
      let tools = FacadeTool.list(at: revision, isOneServer: session.view.scope.onlyServer != nil)
      session.answer(id, MCPResult.response(id, at: revision, freshness: .constant) { $0.member("tools", tools) })
    case .toolsList: listExposed(session, .capability, revision, params, call)
    case .resourcesList: listExposed(session, .resource, revision, params, call)
    case .promptsList: listExposed(session, .prompt, revision, params, call)
    case .templatesList: listTemplates(session, id, revision, params, call)
    case .complete: complete(session, id, params, call)
    case .setLevel: interests.setLevel(session, id, params)
    case .subscribe: interests.subscribe(session, id, params, true)
    case .unsubscribe: interests.subscribe(session, id, params, false)
    case .toolsCall where session.view.exposure == .compact: callFacade(session, id, params, call)
    case .toolsCall: useExposed(session, id, .capability, params, call)
    case .resourcesRead: useExposed(session, id, .resource, params, call)
    case .promptsGet: useExposed(session, id, .prompt, params, call)
    case .listen: listen(session, id, params)
    }
  }

  /// Tells what we are to the client. That is the server's own word in direct exposure: a server that starts for the first
  /// time is waited for as lists wait.
  private func withFace(
    _ session: MCPSession, _ id: RequestID, _ revision: ProtocolRevision, _ tell: @escaping (MCPFace) -> Void
  ) {
    let face = { () -> MCPFace in
      self.noteServer(of: session.view)
      let scope = session.view.scope
      let servers = self.settings.configuration.servers.filter { !$0.disabled }.map(\.id).filter { scope.includes($0) }
      let sessions = self.supervisor.assumeIsolated { supervisor in
        servers.compactMap { server in supervisor.session(of: server).map { (server: server, session: $0) } }
      }
      return MCPFace(session.view, sessions, isWhole: sessions.count == servers.count, at: revision)
    }
    guard isAwaited(session.view) else { return tell(face()) }
    awaitServer(session, id, revision) { tell(face()) }
  }

  /// Whether the server of a view in direct exposure may say soon what it is.
  private func isAwaited(_ view: MCPView) -> Bool {
    guard let server = view.directServer else { return false }
    return supervisor.assumeIsolated { $0.readiness(of: server) }?.code == .starting
  }

  /// Goes on when the server of the view is there, or was waited for as lists wait.
  private func awaitServer(
    _ session: MCPSession, _ id: RequestID, _ revision: ProtocolRevision, _ goOn: @escaping () -> Void
  ) {
    guard let server = session.view.directServer else { return goOn() }
    meet(server, MCPCall(session, id, at: revision, .afterwards(goOn)), within: settings.configuration.listWaitMs)
  }

  func mcpTrace(_ params: JSONSlice?) -> TraceContext {
    trace(continuing: params?.member("_meta")?.member("traceparent")?.string)
  }
}
