import Configuration
import Platform
import Protocol
import Telemetry

/// Sessions over HTTP (2025-03-26 to 2025-11-25).
extension FrontRouter {
  /// Messages in one batch; more than a client has use for.
  private static let mostInBatch = 1024
  /// How long an answer waits for the store; a disk that hangs shall not keep clients out.
  private static let storePatience = Duration.seconds(1)

  // MARK: POST

  func receive(_ message: JSONRPCMessage, _ post: SessionPost) {
    do throws(MCPHTTPRefusal) {
      if case .request(let id, _) = message.kind, post.opensSession(with: message) {
        return try openSession(id, message, post)
      }
      let channel = try session(post)
      switch message.kind {
      case .notification, .response, .errorResponse:
        take(message, channel)
        post.exchange.respond(status: 202, contentType: nil)
      case .request(let id, _):
        if channel.isOpen(id) { throw Self.inUse(id) }
        channel.expect([id], on: post.exchange, isBatch: false, post.accepts)
        guard Self.changesSession(message) else { return receiveMCP(message, channel.session) }
        channel.hold(id, for: Self.storePatience)
        receiveMCP(message, channel.session)
        keepSession(channel, andRelease: id)
      }
    } catch {
      var refusal = error
      if case .request(let id, _) = message.kind { refusal.id = id }
      post.exchange.refuse(refusal)
    }
  }

  /// Whether the next daemon would have to know of the message. The client hears that it is done when that is so.
  private static func changesSession(_ message: JSONRPCMessage) -> Bool {
    switch message.kind {
    case .request(_, let method):
      ["logging/setLevel", "resources/subscribe", "resources/unsubscribe"].contains(method)
    case .notification, .response, .errorResponse: false
    }
  }

  private static func inUse(_ id: RequestID) -> MCPHTTPRefusal {
    MCPHTTPRefusal(status: 400, id: id, message: "A request with the id \(id) is still being served")
  }

  /// The session that a POST names.
  private func session(_ post: SessionPost) throws(MCPHTTPRefusal) -> HTTPSessionChannel {
    let id = try post.check.postSessionID()
    guard let channel = mcpHTTP.sessions.use(id, owner: Self.owner(of: post.scope), at: .now) else {
      throw .unknownSession
    }
    return channel
  }

  /// Gives a message to the session; what it cancels gets no answer.
  private func take(_ message: JSONRPCMessage, _ channel: HTTPSessionChannel) {
    var cancelled: RequestID?
    if case .notification("notifications/cancelled") = message.kind {
      cancelled = message.params?.member("requestId").flatMap { RequestID($0) }
    }
    let wasServed = cancelled.map { channel.session.state.inFlight.contains($0) } ?? false
    receiveMCP(message, channel.session)
    if let cancelled, wasServed { channel.withdraw(cancelled) }
  }

  private func openSession(
    _ id: RequestID, _ message: JSONRPCMessage, _ post: SessionPost
  ) throws(MCPHTTPRefusal) {
    if mcpHTTP.sessions.isFull { expireSessions() }
    guard !mcpHTTP.sessions.isFull else { throw .tooManySessions }
    let channel = makeSession(
      id: SessionTable<HTTPSessionChannel>.freshID(), post.scope, post.exposure, post.endpoint)
    _ = mcpHTTP.sessions.add(channel, id: channel.id, owner: channel.owner, at: .now)
    channel.expect([id], on: post.exchange, isBatch: false, post.accepts, isOpening: true)
    channel.hold(id, for: Self.storePatience)
    receiveMCP(message, channel.session)
    guard channel.revision != nil else {
      channel.release(id)
      return endSession(channel)
    }
    watchLists(of: channel.session)
    keepSession(channel, andRelease: id)
    scheduleSweep()
  }

  private func makeSession(
    id: String, _ scope: ScopeName, _ exposure: Exposure?, _ endpoint: MCPEndpoint
  ) -> HTTPSessionChannel {
    let channel = HTTPSessionChannel(
      id: id, owner: Self.owner(of: scope), scope, exposure, endpoint, mcpHTTP.journal)
    channel.session = openMCP(channel, scope, exposure)
    if mcpHTTP.keeper != nil { channel.session.watch.noteChanges() }
    return channel
  }

  // MARK: Batches

  func receive(batch array: JSONSlice, _ post: SessionPost) {
    do throws(MCPHTTPRefusal) {
      let channel = try session(post)
      guard channel.revision == .march2025 else {
        throw MCPHTTPRefusal(status: 400, message: "Batches exist at revision 2025-03-26 only")
      }
      try receive(Array(array.elements.prefix(Self.mostInBatch + 1)), channel, post)
      keepSession(channel)
    } catch {
      post.exchange.refuse(error)
    }
  }

  private func receive(
    _ elements: [JSONSlice], _ channel: HTTPSessionChannel, _ post: SessionPost
  ) throws(MCPHTTPRefusal) {
    guard !elements.isEmpty, elements.count <= Self.mostInBatch else {
      throw MCPHTTPRefusal(status: 400, message: "A batch has 1 to \(Self.mostInBatch) messages")
    }
    var messages: [JSONRPCMessage] = []
    var ids: [RequestID] = []
    for element in elements {
      do {
        messages.append(try JSONRPCMessage(element))
      } catch {
        throw MCPHTTPRefusal(status: 400, id: error.id, code: error.code, message: "Invalid message: \(error)")
      }
      guard let message = messages.last, case .request(let id, let method) = message.kind else { continue }
      if method == MCPMethod.initialize.rawValue {
        throw MCPHTTPRefusal(status: 400, id: id, message: "initialize cannot be in a batch")
      }
      // Its headers would have to agree with each of them.
      if ModernEnvelope(message.params) != nil {
        throw .headerMismatch(id, "MCP-Protocol-Version contradicts the version in _meta")
      }
      if channel.isOpen(id) || ids.contains(id) { throw Self.inUse(id) }
      ids.append(id)
    }
    guard !ids.isEmpty else {
      for message in messages { take(message, channel) }
      return post.exchange.respond(status: 202, contentType: nil)
    }
    channel.expect(ids, on: post.exchange, isBatch: true, post.accepts)
    for message in messages { take(message, channel) }
  }

  // MARK: GET and DELETE

  func openStream(
    _ exchange: HTTPExchange, _ id: String, _ lastEventID: RequestHead.Occurrence, _ scope: ScopeName
  ) {
    guard let channel = mcpHTTP.sessions.use(id, owner: Self.owner(of: scope), at: .now) else {
      return exchange.refuse(.unknownSession)
    }
    guard channel.hasStanding || channel.endpoint.streams.hasRoom else { return exchange.refuse(.tooManyStreams) }
    switch lastEventID {
    case .absent:
      guard !channel.hasStanding else {
        return exchange.refuse(MCPHTTPRefusal(status: 409, message: "Conflict: this session has its stream already"))
      }
      channel.stand(exchange)
      tellWhatItMissed(channel.session)
    case .once(let text):
      guard let eventID = EventID(text), resume(after: eventID, channel, exchange) else {
        return exchange.refuse(.unknownEvent)
      }
    case .repeated:
      exchange.refuse(MCPHTTPRefusal(status: 400, message: "The header Last-Event-ID occurs more than once"))
    }
  }

  private func resume(after eventID: EventID, _ channel: HTTPSessionChannel, _ exchange: HTTPExchange) -> Bool {
    let stream = eventID.stream
    if stream.daemon == mcpHTTP.journal.daemon { return channel.resume(after: eventID, exchange) }
    // What no daemon ever called anything of this session is made up.
    guard channel.earlierDaemons.contains(stream.daemon) else { return false }
    if let request = stream.request {
      if channel.resumeAnswer(of: request, exchange) { fetchAnswer(request, channel) }
      return true
    }
    guard stream.number == 0 else { return false }
    channel.stand(exchange)
    // Also of a session that this daemon has told by a stream that its client did not get.
    channel.session.isReturning = true
    tellWhatItMissed(channel.session)
    return true
  }

  func deleteSession(_ exchange: HTTPExchange, _ id: String, _ scope: ScopeName) {
    guard let channel = mcpHTTP.sessions.use(id, owner: Self.owner(of: scope), at: .now) else {
      return exchange.refuse(.unknownSession)
    }
    // Answered when a daemon that begins now would not know it either.
    let loop = loop
    endSession(channel) {
      loop.perform { self.assumeIsolated { _ in exchange.respond(status: 200, contentType: nil) } }
    }
  }

  // MARK: Ending

  func endSession(_ channel: HTTPSessionChannel, _ done: @escaping @Sendable () -> Void = {}) {
    mcpHTTP.sessions.remove(channel.id)
    channel.end()
    closeMCP(channel.session)
    giveUpAdopted(of: channel.id)
    guard let keeper = mcpHTTP.keeper, channel.kept != nil else { return done() }
    keeper.removeSessions([channel.id], done)
  }

  private func expireSessions() {
    for channel in mcpHTTP.sessions.expire(at: .now, isBusy: { !$0.isIdle }) { endSession(channel) }
    mcpHTTP.journal.prune { key in self.mcpHTTP.sessions[key.session]?.uses(key.stream) ?? false }
    for channel in mcpHTTP.sessions.sessions {
      channel.prune()
      let quarters = mcpHTTP.sessions.unusedQuarters(of: channel.id, at: .now)
      guard quarters != channel.unusedQuarters else { continue }
      channel.unusedQuarters = quarters
      keepSession(channel)
    }
    // What one client that does not read had waiting may be much, and the allocator keeps it.
    FreedMemory.giveBackIfMuch()
  }

  /// Looks after sessions while there are any.
  private func scheduleSweep() {
    guard mcpHTTP.sweep == nil else { return }
    let idle = Duration.seconds(settings.configuration.mcp.sessionIdleSeconds)
    mcpHTTP.sweep = loop.schedule(after: max(.seconds(1), min(.seconds(10), idle / 2))) {
      self.mcpHTTP.sweep = nil
      self.expireSessions()
      if self.mcpHTTP.sessions.count > 0 { self.scheduleSweep() }
    }
  }

  // MARK: Restarts

  /// Goes on with the sessions of earlier daemons.
  package func keepSessions(with keeper: any SessionKeeper) {
    mcpHTTP.keeper = keeper
    mcpHTTP.gate.close(loop) {
      self.log.warn("the MCP sessions of the last daemon are not known yet; going on without them")
    }
    let loop = loop
    keeper.loadSessions { kept in loop.perform { self.assumeIsolated { $0.restoreSessions(kept) } } }
  }

  /// Those that come when nobody waits for them any more are taken up all the same.
  private func restoreSessions(_ kept: [KeptSession]) {
    // Unreadable ones, and those of places that are not there any more.
    var ended: [String] = []
    for session in kept {
      guard let state = SessionSnapshot(session.content), !mcpHTTP.sessions.isFull else {
        ended.append(session.id)
        continue
      }
      let endpoint = state.isOwnPort ? mcpHTTP.own : mcpHTTP.shared
      guard isServed(state.scope, at: endpoint) else {
        ended.append(session.id)
        continue
      }
      let channel = makeSession(id: session.id, state.scope, state.exposure, endpoint)
      let isNew = mcpHTTP.sessions.add(
        channel, id: session.id, owner: session.owner, at: .now, unusedQuarters: state.unusedQuarters)
      guard isNew else { continue }
      channel.kept = KeptSession(id: session.id, owner: session.owner, content: session.content)
      restore(channel, state, session.parts)
      keepSession(channel)  // Its client may come back to the daemon after this one for streams of ours.
    }
    if !ended.isEmpty { mcpHTTP.keeper?.removeSessions(ended) {} }
    if mcpHTTP.sessions.count > 0 { scheduleSweep() }
    mcpHTTP.gate.open()
  }
}
