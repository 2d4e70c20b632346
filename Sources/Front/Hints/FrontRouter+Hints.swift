import Protocol

/// Adding what helps to a failure.
extension FrontRouter {
  /// The failure with what its server says about a second time.
  func advised(_ failure: OperationFailure, _ kind: EntryKind, _ id: String) -> OperationFailure {
    var failure = failure
    switch kind {
    case .resource, .prompt: failure.repetition = .safe
    case .capability:
      let annotations = catalog.capabilities[id]?.item.member("annotations")
      if annotations?.member("readOnlyHint")?.bool == true {
        failure.repetition = .safe
      } else if annotations?.member("idempotentHint")?.bool == true {
        failure.repetition = .idempotent
      }
    }
    return failure
  }

  /// The failure with a hint, where one is known. Only what lists show is suggested. `asked`: what the client wrote;
  /// `payload`: the arguments, if they could be read.
  func hinted(
    _ failure: OperationFailure, _ kind: EntryKind, _ id: String, asked: String, server: String, payload: JSONSlice?,
    _ target: any ReplyTarget
  ) -> OperationFailure {
    var failure = failure
    if failure.status == 404 {
      let scoped = scoped(target.scope)
      let names = target.view?.names(kind, catalog)
      let entries = names?.entries ?? catalog.sorted(kind)
      let known = entries.lazy.filter { scoped.lists($0) }.map { names?.name(of: $0) ?? $0.id }
      let nearest = IDSuggestions.nearest(to: names == nil ? id : asked, among: known)
      if !nearest.isEmpty { failure.hint = FailureHint(didYouMean: nearest, actor: .client) }
    } else if failure.reason == "policy_denied" {
      failure.hint = FailureHint(actor: .operator)
    } else if let reason = failure.reason, let code = ReadinessCode(rawValue: reason),
      [502, 503].contains(failure.status)
    {
      // What the sentence does not suggest does not help: a variable that is not set needs no login.
      let hasLogin = settings.configuration.hasLogin(server) && failure.message.contains("warmplane auth ")
      failure.hint = ReadinessHint.of(code, server: server, hasLogin: hasLogin)
    } else if failure.argumentFault != .none, let entry = scoped(target.scope).entry(kind, id), policy.allows(id) {
      failure.hint = Self.argumentHint(failure.argumentFault, entry, payload)
    }
    return failure
  }

  /// What the entry expects, if its arguments are to blame. Words of the upstream are no evidence: its schema is.
  private static func argumentHint(
    _ fault: OperationFailure.ArgumentFault, _ entry: any CatalogEntry, _ payload: JSONSlice?
  ) -> FailureHint? {
    let expectation: ArgumentExpectation
    switch type(of: entry).kind {
    case .capability: expectation = ArgumentExpectation(ofTool: entry.item)
    case .prompt: expectation = ArgumentExpectation(ofPrompt: entry.item)
    case .resource: return nil
    }
    guard fault == .certain || expectation.isBroken(by: payload) else { return nil }
    return FailureHint(expected: expectation.told, actor: .client)
  }
}
