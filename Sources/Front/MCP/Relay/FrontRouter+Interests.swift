import Configuration
import Platform
import Protocol
import Supervisor

/// What MCP clients want to hear of servers, and its sum for the supervisor.
extension FrontRouter {
  // MARK: Log level

  /// `logging/setLevel`.
  func setLevel(_ session: MCPSession, _ id: RequestID, _ params: JSONSlice?) {
    guard let level = params?.member("level")?.string.flatMap({ MessageLevel(rawValue: $0) }) else {
      let levels = MessageLevel.allCases.map(\.rawValue).joined(separator: ", ")
      return session.refuse(id, code: MCPErrorCode.invalidParams, "The member level must be one of \(levels)")
    }
    session.logLevel = level
    interestsChanged(in: session.view.scope)
    session.answer(id, JSONRPCWriter.result(id: id, .emptyObject))
  }

  // MARK: Resources

  /// `resources/subscribe` and `resources/unsubscribe`.
  func subscribe(_ session: MCPSession, _ id: RequestID, _ params: JSONSlice?, _ isWanted: Bool) {
    guard let uri = params?.member("uri")?.string, !uri.isEmpty, uri.utf8.count <= Interests.longestURI else {
      return session.refuse(
        id, code: MCPErrorCode.invalidParams,
        "The member uri must be a string of 1 to \(Interests.longestURI) bytes")
    }
    if !isWanted {
      // Whatever the catalog says of it today.
      if let resource = session.watch.remove(uri, for: .session) { unwatch([resource], session) }
      return session.answer(id, JSONRPCWriter.result(id: id, .emptyObject))
    }
    guard let resource = watchable(uri, session.view) else {
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("uri", uri)
      writer.endObject()
      return session.refuse(
        id, code: MCPErrorCode.resourceNotFound, "Resource \"\(uri.prefix(200))\" does not exist.",
        data: JSONSlice(assembled: writer))
    }
    guard tellsChanges(resource.server) else {
      return session.refuse(
        id, code: MCPErrorCode.methodNotFound, "Server \"\(resource.server)\" does not tell of changes of resources")
    }
    switch session.watch.add(resource, as: uri, for: .session) {
    case .new: watch(resource, session)
    case .known: break
    case .tooMany:
      return session.refuse(id, code: MCPErrorCode.internalError, "More than \(ResourceWatch.most) subscriptions")
    }
    let isRepeated = session.reasked[id] != nil
    session.answer(id, JSONRPCWriter.result(id: id, .emptyObject))
    if isRepeated { tell(resource, as: uri, on: nil, session) }
  }

  /// Takes up what a client wanted to hear under an earlier daemon.
  func restoreInterests(_ level: MessageLevel?, _ resources: [(WatchedResource, String)], of session: MCPSession) {
    session.logLevel = level
    if level != nil { interestsChanged(in: session.view.scope) }
    for (resource, uri) in resources where session.watch.add(resource, as: uri, for: .session) == .new {
      watch(resource, session)
    }
  }

  /// What of a listen request's `resourceSubscriptions` is honoured, as the client wrote it.
  func listen(toResourcesOf filter: JSONSlice, _ session: MCPSession, _ id: RequestID) -> [String] {
    var honoured: [String] = []
    for uri in filter.member("resourceSubscriptions")?.strings ?? [] {
      guard !uri.isEmpty, uri.utf8.count <= Interests.longestURI, let resource = watchable(uri, session.view),
        tellsChanges(resource.server)
      else { continue }
      switch session.watch.add(resource, as: uri, for: .listen(id)) {
      case .new: watch(resource, session)
      case .known: break
      case .tooMany: return honoured
      }
      honoured.append(uri)
    }
    return honoured
  }

  /// A resource that the client may read.
  private func watchable(_ uri: String, _ view: MCPView) -> WatchedResource? {
    guard let target = target(.resource, uri, view) else { return nil }
    let owner: (server: String, uri: String?)?
    if let route = target.route {
      owner = (route.server, route.upstreamName.string)
    } else if let entry = catalog.entry(.resource, target.id) {
      owner = (entry.server, entry.upstreamName.string)
    } else {
      owner = catalog.forwardedResource(target.id).map { ($0.server, $0.uri.string) }
    }
    guard let owner, let upstream = owner.uri, policy.allows(target.id), view.scope.shows(target.id, of: owner.server)
    else { return nil }
    return WatchedResource(server: owner.server, uri: upstream)
  }

  /// Whether subscribing makes sense; of a server that is not there nobody knows. A legacy server with resources may,
  /// whatever it announces (the official Python SDK 1.x always denies it).
  private func tellsChanges(_ server: String) -> Bool {
    guard let session = supervisor.assumeIsolated({ $0.session(of: server) }) else { return true }
    let resources = session.capabilities.member("resources")
    return session.revision.era == .legacy ? resources != nil : resources?.member("subscribe")?.bool == true
  }

  private func watch(_ resource: WatchedResource, _ session: MCPSession) {
    mcp.watchers[resource.server, default: [:]][resource.uri, default: [:]][ObjectIdentifier(session), default: 0] += 1
    interestsChanged(of: resource.server)
  }

  /// The session wants to hear no more of these: one for each time that it was added.
  func unwatch(_ resources: [WatchedResource], _ session: MCPSession) {
    let key = ObjectIdentifier(session)
    for resource in resources {
      guard let count = mcp.watchers[resource.server]?[resource.uri]?[key] else { continue }
      mcp.watchers[resource.server]?[resource.uri]?[key] = count > 1 ? count - 1 : nil
      if mcp.watchers[resource.server]?[resource.uri]?.isEmpty == true {
        mcp.watchers[resource.server]?[resource.uri] = nil
        interestsChanged(of: resource.server)
      }
    }
  }

  // MARK: The sum

  func interestsChanged(in scope: Scope) {
    for server in settings.configuration.servers where scope.includes(server.id) { interestsChanged(of: server.id) }
  }

  private func interestsChanged(of server: String) {
    if mcp.unsettledInterests.isEmpty { loop.atEndOfTurn { self.declareInterests() } }
    mcp.unsettledInterests.insert(server)
  }

  private func declareInterests() {
    let servers = mcp.unsettledInterests
    mcp.unsettledInterests = []
    for server in servers {
      let interests = Interests(
        logLevel: wantedLevel(of: server), resources: mcp.watchers[server].map { Array($0.keys) } ?? [])
      supervisor.assumeIsolated { $0.setInterests(interests, for: server) }
    }
  }

  /// The most verbose level of those who have set one; who has not set one gets what others let through, from info on.
  private func wantedLevel(of server: String) -> MessageLevel? {
    let sessions = mcp.sessions.values.filter { $0.state.mayNotify && $0.view.scope.includes(server) }
    guard sessions.contains(where: { $0.logLevel != nil }) else { return nil }
    return sessions.map(\.effectiveLevel).min()
  }

  /// The session is over.
  func forgetInterests(of session: MCPSession) {
    unwatch(session.watch.removeAll(), session)
    if session.logLevel != nil { interestsChanged(in: session.view.scope) }
  }
}
