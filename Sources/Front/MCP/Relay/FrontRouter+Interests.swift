import Configuration
package import Protocol
import Supervisor

/// What clients may subscribe, and of which servers.
extension FrontRouter {
  func makeInterests() -> ClientInterests {
    ClientInterests(
      loop: loop,
      ClientInterests.Surroundings(
        servers: { self.settings.configuration.servers.map(\.id) },
        scope: { Scope($0, self.settings.configuration) ?? .empty($0) },
        resource: { self.watchable($0, $1) }, tellsChanges: { self.tellsChanges($0) },
        allowedID: { uri, server in
          let id = self.catalog.publicID(of: "\(server).\(uri)", .resource)
          return self.policy.allows(id) ? id : nil
        },
        isReady: { server in self.supervisor.assumeIsolated { $0.readiness(of: server) }?.code == .ready },
        declare: { interests, server in
          self.supervisor.assumeIsolated { $0.setInterests(interests, for: server) }
        }))
  }

  /// A resource that the client may read, of a server that there is.
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
    guard let owner, let upstream = owner.uri, catalog.order.contains(owner.server), policy.allows(target.id),
      view.scope.shows(target.id, of: owner.server)
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
}

// MARK: What upstreams tell

extension FrontRouter {
  package func operationProgressed(_ id: OperationID, _ params: JSONSlice) {
    operations[id]?.target.progressed(params)
  }

  package func upstreamNotified(server: String, _ notification: UpstreamNotification) {
    switch notification.method {
    case "notifications/message":
      let asker = notification.attribution.operation.flatMap { operations[$0]?.target as? MCPCall }
      interests.logged(server, notification, asker: asker)
    case "notifications/resources/updated":
      guard let uri = notification.params.member("uri")?.string else { return }
      interests.resourceChanged(uri, server, notification.params)
    default: break
    }
  }
}
