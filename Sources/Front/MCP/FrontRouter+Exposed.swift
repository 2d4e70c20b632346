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
    let cursor = params?.member("cursor").flatMap { $0.isNull ? nil : $0 }
    let page = ListPage(after: cursor)
    guard page?.isOf(view.names(kind, catalog).entries, isSorted: view.isSorted, at: ExposedNames.position) == true,
      let page
    else { return refuseCursor(session, call(.list { _ in }).id) }
    list(
      kind, call(.list { writer in self.writeExposedList(kind, view, page, revision, to: &writer) }), wait: nil)
  }

  func refuseCursor(_ session: MCPSession, _ id: RequestID) {
    session.refuse(
      id, code: MCPErrorCode.invalidParams, "The cursor is not one that this list gave, or its place has gone")
  }

  /// In direct exposure the server's own name goes with every answer, and what it has not got is not there.
  func noteServer(of view: MCPView) {
    guard let server = view.directServer, let session = supervisor.assumeIsolated({ $0.session(of: server) }) else {
      return
    }
    view.announced = AnnouncedFace(session: session)
  }

  /// The upstreams' own objects under their listed names, as the members of a result.
  func writeExposedList(
    _ kind: EntryKind, _ view: MCPView, _ page: ListPage, _ revision: ProtocolRevision, to writer: inout JSONWriter
  ) {
    var page = page
    let names = view.names(kind, catalog)
    writer.key(kind.mcpListMember)
    writer.beginArray()
    let scoped = scoped(view.scope)
    for entry in page.rest(of: names.entries, isSorted: view.isSorted, at: ExposedNames.position)
    where scoped.lists(entry) {
      guard page.takes(ExposedNames.position(of: entry), size: entry.item.range.count) else { break }
      view.item(of: entry.server, at: revision).write(entry, as: names.name(of: entry), to: &writer)
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

}
