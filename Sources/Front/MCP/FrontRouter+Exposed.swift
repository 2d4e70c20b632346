import Configuration
import Protocol
import Supervisor
import Telemetry

/// MCP's own methods on the entries of a view: tools of full and direct exposure, resources and prompts of every one.
extension FrontRouter {
  // MARK: Lists

  /// `tools/list`, `resources/list`, `prompts/list`, in pages.
  func listExposed(
    _ session: MCPSession, _ kind: EntryKind, _ revision: ProtocolRevision, _ params: JSONSlice?,
    _ call: (MCPCall.Form) -> MCPCall
  ) {
    let view = session.view
    noteIdentity(of: view)
    let cursor = params?.member("cursor").flatMap { $0.isNull ? nil : $0 }
    guard cursor == nil || ListPage.start(after: cursor) != nil else {
      return session.refuse(
        call(.list { _ in }).id, code: MCPErrorCode.invalidParams, "The cursor is not one that this list gave")
    }
    list(
      kind,
      call(.list { writer in self.writeExposedList(kind, view, ListPage(after: cursor), revision, to: &writer) }),
      wait: nil)
  }

  /// In direct exposure the server's own name goes with every answer.
  func noteIdentity(of view: MCPView) {
    guard let server = view.directServer else { return }
    view.identity = supervisor.assumeIsolated { $0.session(of: server) }?.serverInfo ?? view.identity
  }

  /// The upstreams' own objects under their listed names, as the members of a result.
  func writeExposedList(
    _ kind: EntryKind, _ view: MCPView, _ page: ListPage, _ revision: ProtocolRevision, to writer: inout JSONWriter
  ) {
    var page = page
    let names = view.names(kind, catalog)
    writer.key(kind.mcpListMember)
    writer.beginArray()
    let entries = view.directServer.map { catalog.entries(kind, of: $0) } ?? catalog.sorted(kind)
    let rest = page.rest(of: entries, isSorted: view.directServer == nil) { $0.id }
    let scoped = scoped(view.scope)
    for entry in rest where scoped.lists(entry) {
      guard page.takes(entry.id, size: entry.item.range.count) else { break }
      let translation = view.translation(of: entry.server, at: revision)
      ExposedItem.write(entry, as: names.name(of: entry.id), translation, to: &writer)
    }
    writer.endArray()
    if let cursor = page.nextCursor { writer.member("nextCursor", cursor) }
  }

  // MARK: Use

  /// `tools/call`, `resources/read`, `prompts/get`.
  func useExposed(
    _ session: MCPSession, _ id: RequestID, _ kind: EntryKind, _ params: JSONSlice?,
    _ call: @escaping (MCPCall.Form) -> MCPCall
  ) {
    let member = kind == .resource ? "uri" : "name"
    guard let name = params?.member(member)?.string else {
      return session.refuse(id, code: MCPErrorCode.invalidParams, "The member \(member) must be a string")
    }
    let payload = kind == .resource ? nil : params?.member("arguments").flatMap { $0.isNull ? nil : $0 }
    if kind == .capability, let payload, payload.kind != .object {
      return session.refuse(id, code: MCPErrorCode.invalidParams, "The member arguments must be an object")
    }
    let trace = mcpTrace(params)
    let view = session.view
    noteIdentity(of: view)
    func serve(_ target: ExposedTarget) {
      let form: MCPCall.Form =
        view.exposure == .compact ? .native(kind, name: name) : .exposed(kind, name: name, server: target.server)
      let request = OperationRequest(
        kind: kind, id: target.id, payload: payload, requestID: nil, asked: name, route: target.route
      ).with(meta: params)
      operate(kind, call(form), .success(request), trace: trace)
    }
    if let target = target(kind, name, view) { return serve(target) }
    // A name alone does not tell its server, so an unknown one waits for first starts as the lists do.
    let later = call(
      .afterwards {
        if let target = self.target(kind, name, view) { return serve(target) }
        if view.exposure == .compact { return serve(ExposedTarget(id: name, server: "", route: nil)) }
        let unknown = call(.exposed(kind, name: name, server: ""))
        let failure = self.hinted(
          FailureMapping.unknown(kind, name), kind, "", asked: name, server: "", payload: nil, unknown)
        unknown.finish(.failure(failure), requestID: nil, traceID: trace.traceID.description)
      })
    list(kind, later, wait: nil)
  }

  /// What a client means by a name or URI; nil when nothing is known of it yet.
  func target(_ kind: EntryKind, _ name: String, _ view: MCPView) -> ExposedTarget? {
    if let server = view.directServer { return routed(kind, name, server) }
    let scoped = scoped(view.scope)
    if let id = view.names(kind, catalog).id(of: name) {
      if let entry = scoped.entry(kind, id) { return ExposedTarget(id: id, server: entry.server, route: nil) }
      if view.exposure == .compact { return compactTarget(kind, name, id, scoped) }
    }
    guard view.exposure == .full else { return nil }
    if kind == .resource {
      if let (server, uri) = FullName.resource(name) {
        return catalog.has(server) && view.scope.includes(server) ? routed(kind, uri, server) : nil
      }
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

  /// By the id itself, or by a URI that matches a template.
  private func compactTarget(
    _ kind: EntryKind, _ name: String, _ id: String, _ scoped: ScopedCatalog
  ) -> ExposedTarget? {
    if scoped.owner(kind, id) != nil || scoped.verdict(kind, id) == .denied
      || !scoped.unlistedOwners(of: id, kind).isEmpty
    {
      return ExposedTarget(id: id, server: "", route: nil)
    }
    guard kind == .resource, let templated = scoped.templatedID(of: name) else { return nil }
    return ExposedTarget(id: templated, server: "", route: nil)
  }
}

/// What a client of a view means.
struct ExposedTarget {
  /// The public id.
  let id: String
  let server: String
  let route: OperationRoute?
}
