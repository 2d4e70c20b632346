package import Protocol
import Supervisor

/// What upstreams tell beside answers, on its way to the clients that want to hear it.
extension FrontRouter {
  package func operationProgressed(_ id: OperationID, _ params: JSONSlice) {
    operations[id]?.target.progressed(params)
  }

  package func upstreamNotified(server: String, _ notification: UpstreamNotification) {
    switch notification.method {
    case "notifications/message": logged(server, notification)
    case "notifications/resources/updated":
      if let uri = notification.params.member("uri")?.string { resourceChanged(uri, server) }
    default: break
    }
  }

  /// mcp-checklist MAP-81: what certainly belongs to one operation is for its asker alone.
  private func logged(_ server: String, _ notification: UpstreamNotification) {
    guard let level = notification.params.member("level")?.string.flatMap({ MessageLevel(rawValue: $0) }) else {
      return
    }
    let asker = notification.attribution.operation.flatMap { operations[$0]?.target as? MCPCall }
    let isTold = asker?.logged(notification.params, level, of: server) ?? false
    if case .certain = notification.attribution { return }
    for session in mcp.sessions.values
    where session.state.mayNotify && session.view.scope.includes(server) && level >= session.effectiveLevel {
      if isTold, asker?.isOf(session) == true { continue }
      session.relay(RelayedNotification.message(notification.params, of: session.view.loggerPrefix(server)), about: nil)
    }
  }

  /// A resource has changed, or a part of it; or it may have, while nobody could tell.
  private func resourceChanged(_ uri: String, _ server: String) {
    guard let watched = mcp.watchers[server] else { return }
    var keys = Set((watched[uri] ?? [:]).keys)
    for (resource, sessions) in watched where WatchedResource(server: server, uri: resource).covers(uri) {
      keys.formUnion(sessions.keys)
    }
    // The configuration may have changed since it was subscribed; and a part may be denied where the whole is not.
    let id = catalog.publicID(of: "\(server).\(uri)", .resource)
    guard !keys.isEmpty, policy.allows(id) else { return }
    for key in keys {
      guard let session = mcp.sessions[key], session.view.scope.shows(id, of: server) else { continue }
      for (source, known) in session.watch.concerned(by: uri, of: server) {
        let told = known ?? session.view.uri(of: uri, server)
        switch source {
        case .session: session.send(.notice(.resource(told)), RelayedNotification.updated(told, on: nil))
        case .listen(let id):
          session.send(.notice(.resource(told), on: id), RelayedNotification.updated(told, on: id))
        }
      }
    }
  }

  /// A server was away: what its resources did meanwhile nobody has told.
  func noteReadinessForWatchers(of server: String) {
    guard let watched = mcp.watchers[server], !watched.isEmpty else {
      mcp.interrupted.remove(server)
      return
    }
    if supervisor.assumeIsolated({ $0.readiness(of: server) })?.code != .ready {
      mcp.interrupted.insert(server)
    } else if mcp.interrupted.remove(server) != nil {
      for uri in watched.keys { resourceChanged(uri, server) }
    }
  }
}
