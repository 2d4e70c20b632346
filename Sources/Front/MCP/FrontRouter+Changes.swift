import Configuration
import Platform
import Protocol
import Supervisor

/// Telling MCP clients that their lists changed.
extension FrontRouter {
  /// `subscriptions/listen`.
  func listen(_ session: MCPSession, _ id: RequestID, _ params: JSONSlice?) {
    guard var subscription = MCPSubscription(id, params, of: session.view),
      let filter = params?.member("notifications")
    else {
      return session.refuse(id, code: MCPErrorCode.invalidParams, "The member notifications must be an object")
    }
    let isRepeated = session.reasked.removeValue(forKey: id) != nil
    guard session.subscriptions.count < MCPSubscription.mostPerSession else {
      return session.refuse(
        id, code: MCPErrorCode.internalError, "More than \(MCPSubscription.mostPerSession) subscriptions")
    }
    watchLists(of: session)
    subscription.resources = interests.listen(toResourcesOf: filter, session, id)
    session.subscriptions.append(subscription)
    session.send(.about(id), subscription.acknowledgement)
    guard isRepeated else { return }
    for kind in subscription.kinds { session.send(.notice(.list(kind), on: id), subscription.change(of: kind)) }
    interests.tellAll(of: .listen(id), session)
  }

  // MARK: After a time without a daemon

  /// The client of an earlier daemon can be told again. Nobody knows what changed meanwhile: it is to look.
  func tellWhatItMissed(_ session: MCPSession) {
    guard session.isReturning else { return }
    tellLists(session)
    interests.tellAll(of: .session, session)
  }

  func tellLists(_ session: MCPSession) {
    session.isReturning = false
    for kind in session.view.changingLists { session.notify(kind) }
  }

  /// From now on the session may be told what changes.
  func watchLists(of session: MCPSession) {
    if session.view.known == nil { session.view.known = exposedLists(session.view) }
  }

  /// Catalog or policy may have changed what clients see. Cheap while nobody is there to be told.
  func exposedListsMayHaveChanged() {
    for view in mcp.views.values { view.forgetNames() }
    guard mcp.settling == nil, mcp.views.values.contains(where: { $0.known != nil }) else { return }
    // Many servers become ready together; one notification is enough for all of them.
    mcp.settling = loop.schedule(after: .milliseconds(100)) { self.tellChangedLists() }
  }

  private func tellChangedLists() {
    mcp.settling = nil
    for view in mcp.views.values {
      guard let known = view.known else { continue }
      let lists = exposedLists(view)
      view.known = lists
      let changed = ListKind.allCases.filter { lists[$0] != known[$0] }
      guard !changed.isEmpty else { continue }
      for session in mcp.sessions.values where session.view === view { changed.forEach { session.notify($0) } }
    }
  }

  private func exposedLists(_ view: MCPView) -> [ListKind: String] {
    func hash(_ kind: EntryKind) -> String {
      var hash = FNV1a.Wide()
      let names = view.names(kind, catalog)
      let scoped = scoped(view.scope)
      for entry in names.entries where scoped.lists(entry) {
        hash.add("\(entry.server.utf8.count):\(entry.server)\(names.name(of: entry))".utf8)
        hash.add(entry.item.bytes)
      }
      return hash.hex
    }
    var lists: [ListKind: String] = [.resources: hash(.resource), .prompts: hash(.prompt)]
    // One notification for both (mcp-checklist MAP-33).
    var templates = FNV1a.Wide()
    for template in listedTemplates(view) { templates.add(template.item.bytes) }
    lists[.resources]? += templates.hex
    if view.exposure != .compact { lists[.tools] = hash(.capability) }
    return lists
  }
}
