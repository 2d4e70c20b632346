import Platform
import Protocol
import Telemetry

/// MCP clients behind bridges.
extension FrontRouter {
  /// A bridge has said hello: from now on its frames are MCP messages.
  func attachMCP(_ control: ControlSession) {
    let session = MCPSession(control)
    control.onPayload = { self.receiveMCP($0, session) }
    mcp.sessions[ObjectIdentifier(control)] = session
    noteRole(of: control, asking: "mcp")
    if mcp.known == nil { mcp.known = exposedLists() }
  }

  /// The bridge is gone; its operations are given up by the control server.
  func detachMCP(_ control: ControlSession) {
    control.onPayload = nil
    guard mcp.sessions.removeValue(forKey: ObjectIdentifier(control)) != nil, mcp.sessions.isEmpty else { return }
    mcp.known = nil
    mcp.settling?.cancel()
    mcp.settling = nil
  }

  private func receiveMCP(_ payload: [UInt8], _ session: MCPSession) {
    let message: JSONRPCMessage
    do {
      message = try JSONRPCMessage(parsing: payload)
    } catch {
      return session.refuse(MCPRefusal(id: error.id, code: error.code, message: "The message is invalid: \(error)"))
    }
    if case .notification(BridgeMethod.reask) = message.kind { return session.noteReask(message.params) }
    switch session.state.receive(message) {
    case .ignore, .confirm: break
    case .refuse(let refusal): session.refuse(refusal)
    case .initialize(let id, let revision):
      session.note(message.params?.member("clientInfo"), era: .legacy)
      session.send(MCPResult.initialize(id, at: revision))
    case .pong(let id): session.send(JSONRPCWriter.result(id: id, .emptyObject))
    case .serve(let id, let method, let revision): serve(session, id, method, revision, message.params)
    case .cancel(let id): session.cancel(id)
    }
  }

  private func serve(
    _ session: MCPSession, _ id: RequestID, _ method: MCPMethod, _ revision: ProtocolRevision, _ params: JSONSlice?
  ) {
    // A modern client says who it is in every request; once is enough for us, unless it opens anew.
    if revision.era == .modern, session.control.era != .modern || method == .discover {
      session.note(ModernEnvelope(params)?.clientInfo, era: .modern)
    }
    func call(_ form: MCPCall.Form) -> MCPCall { MCPCall(session, id, at: revision, form) }
    switch method {
    case .initialize, .ping: fatalError("\(method.rawValue) is answered by the session itself")
    case .discover: session.answer(id, MCPResult.discover(id, at: revision))
    case .toolsList:
      let tools = FacadeTool.list(at: revision)
      session.answer(id, MCPResult.response(id, at: revision, freshness: .constant) { $0.member("tools", tools) })
    case .templatesList:
      session.answer(
        id,
        MCPResult.response(id, at: revision, freshness: .constant) { $0.member("resourceTemplates", strings: []) })
    case .toolsCall: callFacade(session, id, params, call)
    case .resourcesList: list(.resource, call(.list { self.writeNativeList(.resource, to: &$0) }), wait: nil)
    case .promptsList: list(.prompt, call(.list { self.writeNativeList(.prompt, to: &$0) }), wait: nil)
    case .resourcesRead: native(session, id, .resource, params, call)
    case .promptsGet: native(session, id, .prompt, params, call)
    case .listen: listen(session, id, params)
    }
  }

  // MARK: Tools

  private func callFacade(
    _ session: MCPSession, _ id: RequestID, _ params: JSONSlice?, _ call: (MCPCall.Form) -> MCPCall
  ) {
    guard let name = params?.member("name")?.string else {
      return session.refuse(id, code: MCPErrorCode.invalidParams, "The member name must be a string")
    }
    guard let tool = FacadeTool(rawValue: name) else {
      return session.refuse(id, code: MCPErrorCode.invalidParams, "Unknown tool: \(name.prefix(128))")
    }
    let arguments = params?.member("arguments").flatMap { $0.isNull ? nil : $0 }
    let trace = mcpTrace(params)
    func fail(_ failure: OperationFailure) {
      call(.tool()).reply(failure, requestID: nil, traceID: trace.traceID.description)
    }
    if let arguments, arguments.kind != .object {
      return fail(.invalidField("The member arguments must be a JSON object."))
    }
    let input = arguments ?? .emptyObject
    switch tool {
    case .capabilitiesList:
      switch CapabilityFilter.parse(arguments) {
      case .failure(let failure): fail(failure)
      case .success(let filter): list(.capability, call(.tool(filter)), wait: nil)
      }
    case .capabilityDescribe:
      guard let name = arguments?.member("id")?.string else {
        return fail(.invalidField("The argument id must be a string."))
      }
      describeCapability(call(.tool()), name, trace: trace)
    case .capabilityCall: operate(.capability, call(.tool()), OperationRequest.decode(.capability, input), trace: trace)
    case .resourcesList: list(.resource, call(.tool()), wait: nil)
    case .resourceRead: operate(.resource, call(.tool()), OperationRequest.decode(.resource, input), trace: trace)
    case .promptsList: list(.prompt, call(.tool()), wait: nil)
    case .promptGet: operate(.prompt, call(.tool()), OperationRequest.decode(.prompt, input), trace: trace)
    }
  }

  private func mcpTrace(_ params: JSONSlice?) -> TraceContext {
    trace(continuing: params?.member("_meta")?.member("traceparent")?.string)
  }

  // MARK: MCP's own resources and prompts

  /// `resources/read`, `prompts/get`.
  private func native(
    _ session: MCPSession, _ id: RequestID, _ kind: EntryKind, _ params: JSONSlice?,
    _ call: @escaping (MCPCall.Form) -> MCPCall
  ) {
    let member = kind == .resource ? "uri" : "name"
    guard let name = params?.member(member)?.string else {
      return session.refuse(id, code: MCPErrorCode.invalidParams, "The member \(member) must be a string")
    }
    let payload = kind == .prompt ? params?.member("arguments") : nil
    let trace = mcpTrace(params)
    func serve() {
      let request = OperationRequest(kind: kind, id: nativeID(kind, name), payload: payload, requestID: nil)
      operate(kind, call(.native(kind, name: name)), .success(request), trace: trace)
    }
    // A name alone does not tell its server, so an unknown one waits for first starts as the lists do.
    let id = nativeID(kind, name)
    if catalog.entry(kind, id) != nil || catalog.forwardedResource(id) != nil || !policy.allows(id)
      || !catalog.unlistedOwners(of: id, kind).isEmpty
    {
      serve()
    } else {
      list(kind, call(.afterFirstStarts(serve)), wait: nil)
    }
  }

  /// The public id that a client means: by a listed name, by the id itself, or by a URI that matches a template.
  private func nativeID(_ kind: EntryKind, _ name: String) -> String {
    let id = nativeNames(kind).id(of: name)
    guard kind == .resource, catalog.entry(kind, id) == nil, catalog.forwardedResource(id) == nil else { return id }
    return catalog.templatedID(of: name) ?? id
  }

  private func nativeNames(_ kind: EntryKind) -> NativeNames {
    switch kind {
    case .capability: fatalError("MCP lists our tools, not those of the servers")
    case .resource:
      let names = mcp.resourceNames ?? NativeNames(catalog, .resource)
      mcp.resourceNames = names
      return names
    case .prompt:
      let names = mcp.promptNames ?? NativeNames(catalog, .prompt)
      mcp.promptNames = names
      return names
    }
  }

  /// The upstreams' own objects under their listed names, as the member of a result.
  private func writeNativeList(_ kind: EntryKind, to writer: inout JSONWriter) {
    let names = nativeNames(kind)
    writer.key(kind.listMember)
    writer.beginArray()
    for entry in catalog.sorted(kind) where policy.allows(entry.id) {
      NativeItem.write(entry, as: names.name(of: entry.id), to: &writer)
    }
    writer.endArray()
  }

  // MARK: Changes

  private func listen(_ session: MCPSession, _ id: RequestID, _ params: JSONSlice?) {
    guard let subscription = MCPSubscription(id, params) else {
      return session.refuse(id, code: MCPErrorCode.invalidParams, "The member notifications must be an object")
    }
    guard session.subscriptions.count < MCPSubscription.mostPerSession else {
      return session.refuse(
        id, code: MCPErrorCode.internalError, "More than \(MCPSubscription.mostPerSession) subscriptions")
    }
    session.subscriptions.append(subscription)
    session.send(subscription.acknowledgement)
  }

  /// Catalog or policy may have changed what clients see. Cheap while nobody is there to be told.
  func exposedListsMayHaveChanged() {
    mcp.resourceNames = nil
    mcp.promptNames = nil
    guard mcp.known != nil, mcp.settling == nil else { return }
    // Many servers become ready together; one notification is enough for all of them.
    mcp.settling = loop.schedule(after: .milliseconds(100)) { self.tellChangedLists() }
  }

  private func tellChangedLists() {
    mcp.settling = nil
    guard let known = mcp.known else { return }
    let lists = exposedLists()
    mcp.known = lists
    for kind in [ListKind.resources, .prompts] where lists[kind] != known[kind] {
      for session in mcp.sessions.values { session.notify(kind) }
    }
  }

  private func exposedLists() -> [ListKind: String] {
    func hash(_ kind: EntryKind) -> String {
      var writer = JSONWriter(reserving: 4096)
      writer.beginObject()
      writeNativeList(kind, to: &writer)
      writer.endObject()
      return FNV1a.hex64(writer.finish())
    }
    return [.resources: hash(.resource), .prompts: hash(.prompt)]
  }
}
