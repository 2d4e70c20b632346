import Protocol

/// Decides what the messages of one MCP client mean. Pure.
///
/// The era is not locked: each message is routed by its own envelope (mcp-checklist NEG-3), because a client whose probe
/// timed out sends `initialize` while the late answer to `server/discover` is on its way.
struct MCPSessionState: Sendable {
  /// How far the legacy handshake is; requests of the modern era need none.
  enum Life: Sendable, Equatable {
    case opening
    /// `initialize` was answered.
    case initialized(ProtocolRevision)
    /// `notifications/initialized` came, too: only now may we speak unasked.
    case confirmed(ProtocolRevision)
  }

  /// Requests at the same time; a client that asks for more does not read its answers.
  static let mostInFlight = 1024

  private(set) var life = Life.opening
  private(set) var inFlight: Set<RequestID> = []

  init() {}

  /// Of a client that an earlier daemon agreed with on `revision`.
  ///
  /// It counts as confirmed: a confirmation that was on its way when the earlier daemon ended is not sent again.
  init(resuming revision: ProtocolRevision) { life = .confirmed(revision) }

  /// What the handshake agreed on; nil before.
  var revision: ProtocolRevision? {
    switch life {
    case .opening: nil
    case .initialized(let revision), .confirmed(let revision): revision
    }
  }

  /// Counts a request as in flight that an earlier daemon took. False when there are as many as may be.
  mutating func resume(_ id: RequestID) -> Bool {
    guard inFlight.count < Self.mostInFlight else { return false }
    inFlight.insert(id)
    return true
  }

  /// Whether legacy notifications may be sent.
  var mayNotify: Bool {
    if case .confirmed = life { true } else { false }
  }

  mutating func receive(_ message: JSONRPCMessage) -> MCPDecision {
    switch message.kind {
    case .request(let id, let method): return request(id, method, message.params)
    case .notification(let method): return notification(method, message.params)
    case .response, .errorResponse: return .ignore  // we ask clients nothing
    }
  }

  /// The request has its answer. False when it was cancelled meanwhile: then there is none.
  mutating func end(_ id: RequestID) -> Bool { inFlight.remove(id) != nil }

  /// No request will have an answer any more.
  mutating func endAll() { inFlight = [] }

  // MARK: Requests

  private mutating func request(_ id: RequestID, _ name: String, _ params: JSONSlice?) -> MCPDecision {
    if inFlight.contains(id) {
      return refuse(id, MCPErrorCode.invalidRequest, "A request with the id \(id) is still being served")
    }
    let method = MCPMethod(rawValue: name)
    if method != .initialize, let envelope = ModernEnvelope(params) { return modern(id, name, method, envelope) }
    switch (life, method) {
    case (.opening, .initialize):
      let proposed = params?.member("protocolVersion")?.string.flatMap { ProtocolRevision(rawValue: $0) }
      let revision = proposed.flatMap { $0.era == .legacy ? $0 : nil } ?? .newestLegacy
      life = .initialized(revision)
      return .initialize(id, revision)
    case (.initialized, .initialize), (.confirmed, .initialize):
      return refuse(id, MCPErrorCode.invalidRequest, "This session is initialized already")
    case (_, .ping):
      return .pong(id)
    case (_, nil):
      return unknown(id, name)
    case (.opening, .some):
      return refuse(
        id, MCPErrorCode.invalidParams,
        "Send initialize first, or \"\(MetaKey.protocolVersion)\" in _meta with every request")
    case (.initialized(let revision), .some(let method)), (.confirmed(let revision), .some(let method)):
      return serve(id, method, revision)
    }
  }

  private mutating func modern(
    _ id: RequestID, _ name: String, _ method: MCPMethod?, _ envelope: ModernEnvelope
  ) -> MCPDecision {
    switch envelope.revision(id) {
    case .failure(let refusal): return .refuse(refusal)
    case .success(let revision):
      guard let method else { return unknown(id, name) }
      return serve(id, method, revision)
    }
  }

  private mutating func serve(_ id: RequestID, _ method: MCPMethod, _ revision: ProtocolRevision) -> MCPDecision {
    guard method.exists(in: revision.era) else { return unknown(id, method.rawValue) }
    guard inFlight.count < Self.mostInFlight else {
      return refuse(id, MCPErrorCode.internalError, "More than \(Self.mostInFlight) requests at the same time")
    }
    inFlight.insert(id)
    return .serve(id, method, revision)
  }

  private func unknown(_ id: RequestID, _ name: String) -> MCPDecision {
    refuse(id, MCPErrorCode.methodNotFound, "Method not found: \(name.prefix(128))")
  }

  private func refuse(_ id: RequestID, _ code: Int, _ message: String) -> MCPDecision {
    .refuse(MCPRefusal(id: id, code: code, message: message))
  }

  // MARK: Notifications

  private mutating func notification(_ method: String, _ params: JSONSlice?) -> MCPDecision {
    switch method {
    case "notifications/initialized":
      guard case .initialized(let revision) = life else { return .ignore }
      life = .confirmed(revision)
      return .confirm
    case "notifications/cancelled":
      // Races are normal: an id that is unknown, or answered by now, is no error.
      guard let id = params?.member("requestId").flatMap({ RequestID($0) }), inFlight.remove(id) != nil else {
        return .ignore
      }
      return .cancel(id)
    default:
      return .ignore
    }
  }
}
