import Configuration
import Protocol
import Supervisor

/// What a client of a view means.
struct ExposedTarget {
  /// The public id.
  let id: String
  let server: String
  let route: OperationRoute?
}

/// From a listed name, or one that no list has, to what is used.
extension FrontRouter {
  /// What a client means by a name or URI; nil when nothing is known of it yet.
  func target(_ kind: EntryKind, _ name: String, _ view: MCPView) -> ExposedTarget? {
    if let server = view.directServer { return routed(kind, name, server) }
    let scoped = scoped(view.scope)
    let entry = view.names(kind, catalog).entry(named: name)
    guard view.exposure == .full else {
      if let entry { return ExposedTarget(id: entry.id, server: entry.server, route: nil) }
      return compactTarget(kind, name, scoped)
    }
    // Not by its public id, which may be another server's.
    if let entry {
      let route = OperationRoute(server: entry.server, upstreamName: entry.upstreamName)
      return ExposedTarget(id: entry.id, server: entry.server, route: route)
    }
    if kind == .resource {
      if FullName.resource(name) != nil { return wrapped(name, view.scope) }
      guard let id = scoped.templatedID(of: name), let (server, _) = scoped.forwardedResource(id) else { return nil }
      return ExposedTarget(id: id, server: server, route: nil)
    }
    // A server that was never listed has this one, if any.
    for server in catalog.order where view.scope.includes(server) && !catalog.isListed(server) {
      if let upstream = FullName.name(in: name, of: server) { return routed(kind, upstream, server) }
    }
    return nil
  }

  private func routed(_ kind: EntryKind, _ name: String, _ server: String) -> ExposedTarget {
    ExposedTarget(
      id: catalog.publicID(of: "\(server).\(name)", kind), server: server,
      route: OperationRoute(server: server, upstreamName: name))
  }

  /// Of `warmplane://<server>/<uri>`, listed or not (mcp-checklist MAP-64).
  private func wrapped(_ name: String, _ scope: Scope) -> ExposedTarget? {
    guard let (server, uri) = FullName.resource(name), catalog.has(server), scope.includes(server) else { return nil }
    return routed(.resource, uri, server)
  }

  // MARK: Compact

  /// By the id itself, or by a URI that is not listed.
  private func compactTarget(_ kind: EntryKind, _ name: String, _ scoped: ScopedCatalog) -> ExposedTarget? {
    if scoped.owner(kind, name) != nil || scoped.verdict(kind, name) == .denied
      || !scoped.unlistedOwners(of: name, kind).isEmpty
    {
      return ExposedTarget(id: name, server: "", route: nil)
    }
    guard kind == .resource else { return nil }
    if let templated = scoped.templatedID(of: name) {
      return ExposedTarget(id: templated, server: "", route: nil)
    }
    return linkedResource(name, scoped.scope)
  }

  /// A resource that no list and no template has, but a link in a result may: as `warmplane://<server>/<uri>`, as
  /// `<server>.<uri>`, or by its URI alone where there is one server. Only its server knows whether it is there.
  func linkedResource(_ name: String, _ scope: Scope) -> ExposedTarget? {
    if let target = wrapped(name, scope) { return hasResources(target.server) ? target : nil }
    for server in catalog.order where scope.includes(server) && name.utf8.starts(with: "\(server).".utf8) {
      let uri = String(decoding: name.utf8.dropFirst(server.utf8.count + 1), as: UTF8.self)
      if ResourceURI.isWellFormed(uri), hasResources(server) { return routed(.resource, uri, server) }
    }
    guard let server = scope.onlyServer, ResourceURI.isWellFormed(name), hasResources(server) else { return nil }
    return routed(.resource, name, server)
  }

  private func hasResources(_ server: String) -> Bool {
    if let session = supervisor.assumeIsolated({ $0.session(of: server) }) {
      return AnnouncedFace(session: session).capability("resources") != nil
    }
    return catalog.hasResources(server)
  }
}
