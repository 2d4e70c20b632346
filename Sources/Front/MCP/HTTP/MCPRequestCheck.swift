import Protocol

/// Decides what a request to an endpoint of MCP is and whether its parts agree: the routing ladder of mcp-checklist §1.5,
/// first failure wins. What precedes it (Host, Origin, route, scope) is decided elsewhere. Pure.
struct MCPRequestCheck {
  let fields: MCPRequestFields
  /// Whether the revision has the method and we serve it.
  let isServed: (String, ProtocolRevision) -> Bool
  /// Which headers a `tools/call` with these params must have; nil when the tool is unknown.
  let toolSchema: (JSONSlice) -> ParameterSchema?

  // MARK: POST

  func post(body: [UInt8], isBodyTooLarge: Bool) throws(MCPHTTPRefusal) -> MCPPost {
    if isBodyTooLarge { throw MCPHTTPRefusal(status: 413, message: "The body is longer than maxBodyBytes allows") }
    guard case .once(let type) = fields.contentType, RequestGuard.isJSON(type) else {
      throw MCPHTTPRefusal(status: 415, message: "The Content-Type must be application/json")
    }
    let forms = AcceptedForms(fields.accept)
    guard forms.json || forms.stream else {
      throw MCPHTTPRefusal(
        status: 406, message: "Not Acceptable: the client must accept application/json and text/event-stream")
    }
    let slice: JSONSlice
    do {
      slice = try JSONSlice(validating: body)
    } catch {
      throw MCPHTTPRefusal(status: 400, code: MCPErrorCode.parseError, message: "Parse error: \(error)")
    }
    if slice.kind == .array {
      if fields.isModern { throw MCPHTTPRefusal(status: 400, message: "This revision has no batches") }
      return .batch(slice, forms)
    }
    let message: JSONRPCMessage
    do {
      message = try JSONRPCMessage(slice)
    } catch {
      throw MCPHTTPRefusal(status: 400, id: error.id, code: error.code, message: "Invalid message: \(error)")
    }
    let bodyVersion = message.params?.member("_meta")?.member(MetaKey.protocolVersion)
    if fields.isModern { return try modern(message, bodyVersion, forms) }
    guard let bodyVersion, !isInitialize(message) else { return .legacy(message, forms) }
    if fields.version == .absent { return try modern(message, bodyVersion, forms) }
    // A modern version in the body and a legacy one in the header. A legacy one in both is none of our business.
    if bodyVersion.string.flatMap({ ProtocolRevision(rawValue: $0) })?.era == .legacy { return .legacy(message, forms) }
    throw .headerMismatch(id(of: message), "MCP-Protocol-Version contradicts the version in _meta")
  }

  private func isInitialize(_ message: JSONRPCMessage) -> Bool {
    if case .request(_, MCPMethod.initialize.rawValue) = message.kind { true } else { false }
  }

  private func id(of message: JSONRPCMessage) -> RequestID? {
    if case .request(let id, _) = message.kind { id } else { nil }
  }

  private func modern(
    _ message: JSONRPCMessage, _ bodyVersion: JSONSlice?, _ forms: AcceptedForms
  ) throws(MCPHTTPRefusal) -> MCPPost {
    switch message.kind {
    case .response, .errorResponse:
      throw MCPHTTPRefusal(status: 400, message: "Clients send no responses at this revision")
    case .notification:
      try checkVersionOnly()
      return .notification
    case .request(let id, let method):
      let revision = try check(id, method, message.params, bodyVersion)
      if method == MCPMethod.listen.rawValue, !forms.stream {
        throw MCPHTTPRefusal(
          status: 406, id: id, message: "Not Acceptable: this request is answered by text/event-stream")
      }
      return .request(message, id, method: method, revision, forms)
    }
  }

  /// A notification names its version in the header alone.
  private func checkVersionOnly() throws(MCPHTTPRefusal) {
    guard case .once(let text) = fields.version else {
      throw .headerMismatch(nil, "MCP-Protocol-Version must be given once")
    }
    if fields.revision?.era != .modern {
      throw MCPHTTPRefusal(
        status: 400, code: MCPErrorCode.unsupportedVersion, message: "Unsupported protocol version",
        data: ModernEnvelope.supported(requested: text))
    }
  }

  /// Rows 8a to 8h.
  private func check(
    _ id: RequestID, _ method: String, _ params: JSONSlice?, _ bodyVersion: JSONSlice?
  ) throws(MCPHTTPRefusal) -> ProtocolRevision {
    func mismatch(_ text: String) -> MCPHTTPRefusal { .headerMismatch(id, text) }
    for (name, field) in [
      ("MCP-Protocol-Version", fields.version), ("Mcp-Method", fields.method), ("Mcp-Name", fields.name),
    ] where field == .repeated {
      throw mismatch("The header \(name) occurs more than once")
    }
    // Headers were compared with one of the two, and the upstream may read the other.
    if let name = params?.firstRepeatedMember() ?? params?.member("_meta")?.firstRepeatedMember() {
      throw MCPHTTPRefusal(
        status: 400, id: id, code: MCPErrorCode.invalidParams,
        message: "The member \"\(name.prefix(128))\" occurs more than once in params")
    }
    guard let envelope = ModernEnvelope(params) else {
      throw MCPHTTPRefusal(
        status: 400, id: id, code: MCPErrorCode.invalidParams,
        message: "params._meta must have \"\(MetaKey.protocolVersion)\" and "
          + "\"\(MetaKey.clientCapabilities)\"")
    }
    let outcome = envelope.revision(id)
    if case .failure(let refusal) = outcome, refusal.code == MCPErrorCode.invalidParams { throw Self.http(refusal) }
    guard case .once(let version) = fields.version else { throw mismatch("The header MCP-Protocol-Version is missing") }
    guard bodyVersion?.isString(version) == true else {
      throw mismatch("The header MCP-Protocol-Version contradicts the version in _meta")
    }
    guard case .once(let field) = fields.method else { throw mismatch("The header Mcp-Method is missing") }
    guard field.utf8.elementsEqual(method.utf8) else {
      throw mismatch("The header Mcp-Method contradicts the method")
    }
    if let problem = nameProblem(method, params) { throw mismatch(problem) }
    let revision: ProtocolRevision
    switch outcome {
    case .success(let known): revision = known
    case .failure(let refusal): throw Self.http(refusal)
    }
    if method == MCPMethod.toolsCall.rawValue, let params,
      let problem = toolSchema(params)?.contradiction(of: fields.parameters, to: params.member("arguments"))
    {
      throw mismatch(problem)
    }
    guard isServed(method, revision) else {
      throw MCPHTTPRefusal(
        status: 404, id: id, code: MCPErrorCode.methodNotFound, message: "Method not found: \(method.prefix(128))")
    }
    return revision
  }

  /// Which member of the params `Mcp-Name` repeats.
  private static func nameBearing(_ method: String) -> String? {
    switch method {
    case MCPMethod.toolsCall.rawValue, MCPMethod.promptsGet.rawValue: "name"
    case MCPMethod.resourcesRead.rawValue: "uri"
    case _ where method.hasPrefix("tasks/"): "taskId"
    default: nil
    }
  }

  /// Row 8e. What is missing in the body is told by whoever serves the method.
  private func nameProblem(_ method: String, _ params: JSONSlice?) -> String? {
    guard let member = Self.nameBearing(method) else { return nil }
    let name = params?.member(member)?.string
    guard case .once(let field) = fields.name else {
      return name == nil ? nil : "The header Mcp-Name is missing"
    }
    guard let decoded = HeaderText.decode(field) else { return "The header Mcp-Name is not encoded properly" }
    guard let name, name.utf8.elementsEqual(decoded.utf8) else {
      return "The header Mcp-Name contradicts params.\(member)"
    }
    return nil
  }

  private static func http(_ refusal: MCPRefusal) -> MCPHTTPRefusal {
    MCPHTTPRefusal(
      status: 400, id: refusal.id, code: refusal.code, message: refusal.message, data: refusal.data)
  }

  // MARK: GET and DELETE

  /// The session of a GET or DELETE. Only revisions with sessions have these methods.
  func sessionID() throws(MCPHTTPRefusal) -> String {
    if fields.isModern {
      // With a session it is one of theirs that says something about its revision that cannot be.
      guard case .once = fields.session, fields.revision == nil else { throw .methodNotAllowed("POST") }
      throw MCPHTTPRefusal(status: 400, message: "Unsupported protocol version")
    }
    return try postSessionID()
  }

  /// The session of a POST within one.
  func postSessionID() throws(MCPHTTPRefusal) -> String {
    switch fields.session {
    case .absent: throw .missingSession
    case .repeated: throw MCPHTTPRefusal(status: 400, message: "The header Mcp-Session-Id occurs more than once")
    case .once(let id): return id
    }
  }

  /// A GET is answered by a stream alone.
  func checkStreamAccepted() throws(MCPHTTPRefusal) {
    if AcceptedForms(fields.accept).stream { return }
    throw MCPHTTPRefusal(status: 406, message: "Not Acceptable: the client must accept text/event-stream")
  }
}
