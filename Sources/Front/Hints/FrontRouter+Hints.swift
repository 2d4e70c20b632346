import Protocol

/// Adding what helps to a failure.
extension FrontRouter {
  /// The failure with a hint, where one is known. Only what policy shows is suggested.
  func hinted(_ failure: OperationFailure, _ kind: EntryKind, _ id: String, server: String) -> OperationFailure {
    var failure = failure
    if failure.status == 404 {
      let known = catalog.sorted(kind).lazy.map(\.id).filter { self.policy.allows($0) }
      let ids = IDSuggestions.nearest(to: id, among: known)
      if !ids.isEmpty { failure.hint = FailureHint(didYouMean: ids, actor: .client) }
    } else if failure.reason == "policy_denied" {
      failure.hint = FailureHint(actor: .operator)
    } else if let reason = failure.reason, let code = ReadinessCode(rawValue: reason),
      [502, 503].contains(failure.status)
    {
      failure.hint = ReadinessHint.of(code, server: server, hasLogin: settings.configuration.hasLogin(server))
    } else if failure.isArgumentError, kind == .capability, let capability = catalog.capabilities[id] {
      failure.hint = FailureHint(expected: ArgumentExpectation.of(capability.item), actor: .client)
    } else if failure.isArgumentError, kind == .prompt, let prompt = catalog.prompts[id] {
      failure.hint = FailureHint(expected: ArgumentExpectation.ofPrompt(prompt.item), actor: .client)
    }
    return failure
  }
}
