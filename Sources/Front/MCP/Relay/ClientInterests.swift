import Platform
import Protocol

/// What MCP clients want to hear of servers beside answers: keeps the book, tells servers' workers the sums, and tells
/// clients what servers say. Loop-confined.
final class ClientInterests {
  /// What it must know of the daemon.
  struct Surroundings {
    /// Ids in the configuration.
    let servers: () -> [String]
    let scope: (ScopeName) -> Scope
    /// What a client's URI means, if it may read that.
    let resource: (_ uri: String, _ view: MCPView) -> WatchedResource?
    /// Whether a server tells of changes of its resources, as far as it is known.
    let tellsChanges: (_ server: String) -> Bool
    /// The public id of a resource; nil when the policy denies it.
    let allowedID: (_ uri: String, _ server: String) -> String?
    let isReady: (_ server: String) -> Bool
    /// Passes the sum of a server on.
    let declare: (_ interests: Interests, _ server: String) -> Void
  }

  /// A sum is written as a whole. That takes at most this part of the loop's time, and waits at most so long.
  private static let share = 16
  private static let longestPause = Duration.seconds(1)

  private let loop: EventLoop
  private let surroundings: Surroundings
  private var book = InterestBook()
  /// Those in the book.
  private var sessions: [InterestBook.Listener: MCPSession] = [:]
  /// Servers whose sums have changed and were not passed on.
  private var unsettled: Set<String> = []
  private var isScheduled = false
  /// Sums are passed on after that.
  private var rest = MonotonicTime.now

  init(loop: EventLoop, _ surroundings: Surroundings) {
    self.loop = loop
    self.surroundings = surroundings
  }

  // MARK: Log level

  /// `logging/setLevel`.
  func setLevel(_ session: MCPSession, _ id: RequestID, _ params: JSONSlice?) {
    guard let level = params?.member("level")?.string.flatMap({ MessageLevel(rawValue: $0) }) else {
      let levels = MessageLevel.allCases.map(\.rawValue).joined(separator: ", ")
      return session.refuse(id, code: MCPErrorCode.invalidParams, "The member level must be one of \(levels)")
    }
    session.logLevel = level
    noteLevel(of: session)
    session.answer(id, JSONRPCWriter.result(id: id, .emptyObject))
  }

  /// The session may be told something unasked, perhaps only since now: its level counts, or that it has set none.
  func noteLevel(of session: MCPSession) {
    guard session.state.mayNotify else { return }
    let (key, scope) = (enter(session), session.view.key.scope)
    if book.setLevel(session.logLevel, key, in: scope) { levelsChanged(in: scope) }
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
    guard let resource = surroundings.resource(uri, session.view) else {
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("uri", uri)
      writer.endObject()
      return session.refuse(
        id, code: MCPErrorCode.resourceNotFound, "Resource \"\(uri.prefix(200))\" does not exist.",
        data: JSONSlice(assembled: writer))
    }
    guard surroundings.tellsChanges(resource.server) else {
      return session.refuse(
        id, code: MCPErrorCode.methodNotFound, "Server \"\(resource.server)\" does not tell of changes of resources")
    }
    switch add(resource, as: uri, for: .session, session) {
    case .added:
      let isRepeated = session.reasked[id] != nil
      session.answer(id, JSONRPCWriter.result(id: id, .emptyObject))
      if isRepeated { tell(resource, as: uri, .session, session) }
    case .tooMany:
      session.refuse(id, code: MCPErrorCode.internalError, "More than \(ResourceWatch.most) subscriptions")
    case .serverIsFull:
      session.refuse(
        id, code: MCPErrorCode.internalError,
        "The clients of this daemon have subscribed \(Interests.mostResources) other resources of server "
          + "\"\(resource.server)\", and more are not possible")
    }
  }

  /// What of a listen request's `resourceSubscriptions` is honoured, as the client wrote it.
  func listen(toResourcesOf filter: JSONSlice, _ session: MCPSession, _ id: RequestID) -> [String] {
    var honoured: [String] = []
    for uri in filter.member("resourceSubscriptions")?.strings ?? [] {
      guard !uri.isEmpty, uri.utf8.count <= Interests.longestURI,
        let resource = surroundings.resource(uri, session.view), surroundings.tellsChanges(resource.server)
      else { continue }
      switch add(resource, as: uri, for: .listen(id), session) {
      case .added: honoured.append(uri)
      case .serverIsFull: continue
      case .tooMany: return honoured
      }
    }
    return honoured
  }

  /// Takes up what a client wanted to hear under an earlier daemon.
  func restore(_ level: MessageLevel?, _ resources: [(WatchedResource, String)], of session: MCPSession) {
    session.logLevel = level
    noteLevel(of: session)
    for (resource, uri) in resources { _ = add(resource, as: uri, for: .session, session) }
  }

  private enum Addition { case added, tooMany, serverIsFull }

  private func add(
    _ resource: WatchedResource, as uri: String, for source: ResourceWatch.Source, _ session: MCPSession
  ) -> Addition {
    guard book.hasRoom(for: resource) else { return .serverIsFull }
    switch session.watch.add(resource, as: uri, for: source) {
    case .tooMany: return .tooMany
    case .known: return .added
    case .new:
      if book.watch(resource, enter(session)) { changed(resource.server) }
      return .added
    }
  }

  /// The session wants to hear no more of these: one for each time that it was added.
  func unwatch(_ resources: [WatchedResource], _ session: MCPSession) {
    for resource in resources where book.unwatch(resource, ObjectIdentifier(session)) { changed(resource.server) }
  }

  private func enter(_ session: MCPSession) -> InterestBook.Listener {
    let key = ObjectIdentifier(session)
    sessions[key] = session
    return key
  }

  /// The session is over.
  func forget(_ session: MCPSession) {
    let key = ObjectIdentifier(session)
    guard sessions.removeValue(forKey: key) != nil else { return }
    unwatch(session.watch.removeAll(), session)
    if let scope = book.forgetLevel(key) { levelsChanged(in: scope) }
  }

  // MARK: The sums

  /// The configuration has changed, and with it what sessions see.
  func reconfigured() {
    for server in surroundings.servers() { changed(server) }
  }

  private func levelsChanged(in name: ScopeName) {
    let scope = surroundings.scope(name)
    for server in surroundings.servers() where scope.includes(server) { changed(server) }
  }

  private func changed(_ server: String) {
    unsettled.insert(server)
    guard !isScheduled else { return }
    isScheduled = true
    if MonotonicTime.now < rest {
      loop.schedule(at: rest) { [weak self] in self?.settleAll() }
    } else {
      loop.atEndOfTurn { [weak self] in self?.settleAll() }
    }
  }

  private func settleAll() {
    isScheduled = false
    let began = MonotonicTime.now
    var scopes: [ScopeName: Scope] = [:]
    for server in unsettled { settle(server, &scopes) }
    let end = MonotonicTime.now
    rest = end + min((end - began) * Self.share, Self.longestPause)
  }

  /// Passes on what is wanted of a server, if that has changed. Before a call goes there: what the call changes shall be
  /// heard.
  func settle(_ server: String) {
    guard unsettled.contains(server) else { return }
    var scopes: [ScopeName: Scope] = [:]
    settle(server, &scopes)
  }

  /// `scopes`: those that were looked up already.
  private func settle(_ server: String, _ scopes: inout [ScopeName: Scope]) {
    unsettled.remove(server)
    let level = book.wantedLevel { name in
      let scope = scopes[name] ?? surroundings.scope(name)
      scopes[name] = scope
      return scope.includes(server)
    }
    surroundings.declare(Interests(logLevel: level, ascending: book.uris(of: server)), server)
  }

  // MARK: What servers tell

  /// mcp-checklist MAP-81: what certainly belongs to one operation is for its asker alone.
  func logged(_ server: String, _ notification: UpstreamNotification, asker: MCPCall?) {
    let params = notification.params
    guard let level = params.member("level")?.string.flatMap({ MessageLevel(rawValue: $0) }) else { return }
    let isTold = asker?.logged(params, level, of: server) ?? false
    if case .certain = notification.attribution { return }
    var messages: [String?: [UInt8]] = [:]
    for session in sessions.values
    where session.state.mayNotify && level >= session.effectiveLevel && session.view.scope.includes(server) {
      if isTold, asker?.isOf(session) == true { continue }
      let prefix = session.view.loggerPrefix(server)
      let message = messages[prefix] ?? RelayedNotification.message(params, of: prefix)
      messages[prefix] = message
      session.relay(message, about: nil)
    }
  }

  /// A resource has changed, or a part of it. `params`: what the server says of it.
  func resourceChanged(_ uri: String, _ server: String, _ params: JSONSlice) {
    let listeners = book.listeners(to: uri, of: server)
    // The configuration may have changed since it was subscribed; and a part may be denied where the whole is not.
    guard !listeners.isEmpty, let id = surroundings.allowedID(uri, server) else { return }
    for key in listeners {
      guard let session = sessions[key], session.view.scope.shows(id, of: server) else { continue }
      for (source, known) in session.watch.concerned(by: uri, of: server) {
        session.tellUpdate(known ?? session.view.uri(of: uri, server), source, params)
      }
    }
  }

  /// Nobody knows what became of the session's resources while there was no daemon: they may have changed.
  func tellAll(of source: ResourceWatch.Source, _ session: MCPSession) {
    for resource in session.watch.all(for: source) {
      if let uri = session.watch[resource, source] { tell(resource, as: uri, source, session) }
    }
  }

  /// Says of a resource that it may have changed; and again when its server is there, if that is not the case yet.
  private func tell(
    _ resource: WatchedResource, as uri: String, _ source: ResourceWatch.Source, _ session: MCPSession
  ) {
    session.tellUpdate(uri, source)
    if !surroundings.isReady(resource.server) { _ = book.noteReadiness(false, of: resource.server) }
  }

  /// A server came or went. While it was away, nobody told what its resources did: they may have changed.
  func readinessChanged(_ server: String) {
    for key in book.noteReadiness(surroundings.isReady(server), of: server) {
      guard let session = sessions[key] else { continue }
      for (source, resource, uri) in session.watch.all(of: server) {
        guard let id = surroundings.allowedID(resource, server), session.view.scope.shows(id, of: server) else {
          continue
        }
        session.tellUpdate(uri, source)
      }
    }
  }
}

extension MCPSession {
  /// Tells that a resource has changed, by the client's URI, in the way of each era.
  fileprivate func tellUpdate(_ uri: String, _ source: ResourceWatch.Source, _ params: JSONSlice = .emptyObject) {
    switch source {
    case .session: send(.notice(.resource(uri)), RelayedNotification.updated(params, uri, on: nil))
    case .listen(let id): send(.notice(.resource(uri), on: id), RelayedNotification.updated(params, uri, on: id))
    }
  }
}
