import Configuration
import Protocol
import Supervisor
import Telemetry

/// `completion/complete` and `resources/templates/list`.
extension FrontRouter {
  func complete(
    _ session: MCPSession, _ id: RequestID, _ params: JSONSlice?,
    _ call: @escaping (MCPCall.Form) -> MCPCall
  ) {
    func refuse(_ sentence: String) { session.refuse(id, code: MCPErrorCode.invalidParams, sentence) }
    guard let completion = CompletionRequest(params) else {
      return refuse("The member argument must be an object with the strings name and value")
    }
    let ref = params?.member("ref")
    let (kind, member): (EntryKind, String)
    switch ref?.member("type")?.string {
    case "ref/prompt": (kind, member) = (.prompt, "name")
    case "ref/resource": (kind, member) = (.resource, "uri")
    default: return refuse("The member ref must be of the type ref/prompt or ref/resource")
    }
    guard let name = ref?.member(member)?.string else { return refuse("The member ref.\(member) must be a string") }
    if let target = completable(kind, name, session.view) {
      return complete(session, id, completion, kind, name, target, params, call)
    }
    // As `prompts/get` and `resources/read` of what nobody knows yet.
    let later = call(
      .afterwards {
        guard let target = self.completable(kind, name, session.view) else {
          return call(.completion(kind, name: name, server: "")).finish(
            .failure(FailureMapping.unknown(kind, name)), requestID: nil,
            traceID: self.mcpTrace(params).traceID.description)
        }
        self.complete(session, id, completion, kind, name, target, params, call)
      })
    list(kind, later, wait: nil)
  }

  private func complete(
    _ session: MCPSession, _ id: RequestID, _ completion: CompletionRequest, _ kind: EntryKind, _ name: String,
    _ target: ExposedTarget, _ params: JSONSlice?, _ call: (MCPCall.Form) -> MCPCall
  ) {
    let trace = mcpTrace(params)
    let verdict = scoped(session.view.scope).verdict(kind, target.id, of: target.route?.server)
    guard verdict != .unknown else {
      return call(.completion(kind, name: name, server: "")).finish(
        .failure(FailureMapping.unknown(kind, name)), requestID: nil, traceID: trace.traceID.description)
    }
    if verdict == .open, session.view.directServer == nil, !completes(target.server) {
      // We announce completion for all servers, and this one has none.
      let translation = ResultTranslation(revision: call(.list { _ in }).revision, server: nil)
      return session.answer(id, MCPResult.relayed(id, CompletionRequest.empty, nil, translation))
    }
    var request = OperationRequest(
      kind: kind, id: target.id, payload: nil, requestID: nil, asked: name, route: target.route
    ).with(meta: params)
    request.completion = completion
    operate(
      kind, call(.completion(kind, name: name, server: target.server)), .success(request), trace: trace)
  }

  /// What is completed: a prompt, a resource, or a template as it is listed.
  private func completable(_ kind: EntryKind, _ name: String, _ view: MCPView) -> ExposedTarget? {
    if kind == .resource, view.directServer == nil {
      let scope = view.scope
      let isMeant = { (template: ListedTemplate) in template.text.isExactly(name) || template.id.isExactly(name) }
      let owner =
        listedTemplates(view).first(where: isMeant)
        ?? templates(view) { scope.shows($0, of: $1) }.first(where: isMeant)
      if let owner {
        return ExposedTarget(
          id: owner.id, server: owner.server, route: OperationRoute(server: owner.server, upstreamName: owner.text))
      }
    }
    guard let target = target(kind, name, view), target.server.isEmpty else { return target(kind, name, view) }
    // Compact exposure leaves it open whose it is.
    let scoped = scoped(view.scope)
    let server = scoped.owner(kind, target.id)
    guard server != nil || scoped.verdict(kind, target.id) == .denied else { return nil }
    return ExposedTarget(id: target.id, server: server ?? "", route: target.route)
  }

  /// Whether a server may know how to complete; of one that is not there nobody knows.
  private func completes(_ server: String) -> Bool {
    guard let session = supervisor.assumeIsolated({ $0.session(of: server) }) else { return true }
    // The capability came with 2025-03-26; before, one just tries.
    return session.revision == .november2024 || session.capabilities.member("completions") != nil
  }

  // MARK: Templates

  /// A resource template of a view, under the id by which policies and scopes know it.
  struct ListedTemplate {
    let id: String
    let server: String
    /// The template itself.
    let text: String
    let item: JSONSlice
  }

  /// In the order of ids, in direct exposure in the server's own. Of several servers with the same template the first
  /// in the order of the configuration lists it, since its URIs go there.
  func listedTemplates(_ view: MCPView) -> [ListedTemplate] {
    let scoped = scoped(view.scope)
    return templates(view) { scoped.lists($0, of: $1) }
  }

  private func templates(_ view: MCPView, where counts: (_ id: String, _ server: String) -> Bool) -> [ListedTemplate] {
    var seen: Set<ExactText> = []
    var templates: [ListedTemplate] = []
    for server in catalog.order where view.scope.includes(server) {
      for item in catalog.resourceTemplates(of: server).prefix(ResourceTemplates.mostPerServer) {
        guard let text = item.member("uriTemplate")?.string else { continue }
        let id = catalog.publicID(of: "\(server).\(text)", .resource)
        guard counts(id, server), seen.insert(ExactText(text)).inserted else { continue }
        templates.append(ListedTemplate(id: id, server: server, text: text, item: item))
      }
    }
    return view.directServer != nil ? templates : templates.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
  }

  func listTemplates(
    _ session: MCPSession, _ id: RequestID, _ revision: ProtocolRevision, _ params: JSONSlice?,
    _ call: (MCPCall.Form) -> MCPCall
  ) {
    let view = session.view
    let cursor = params?.member("cursor").flatMap { $0.isNull ? nil : $0 }
    let page = ListPage(after: cursor)
    guard page?.isOf(listedTemplates(view), isSorted: view.isSorted, at: \.id) == true, let page else {
      return refuseCursor(session, id)
    }
    list(
      .resource,
      call(
        .list { writer in
          var page = page
          writer.key("resourceTemplates")
          writer.beginArray()
          for template in page.rest(of: self.listedTemplates(view), isSorted: view.isSorted, at: \.id) {
            guard page.takes(template.id, size: template.item.range.count) else { break }
            view.item(of: template.server, at: revision).writeTemplate(template.item, to: &writer)
          }
          writer.endArray()
          if let next = page.nextCursor { writer.member("nextCursor", next) }
        }),
      wait: nil)
  }
}
