import Configuration
import Protocol

/// Which scope a request is for, and what that shows.
extension FrontRouter {
  /// Nil when the configuration has no such server or profile.
  func scope(_ name: ScopeName) -> Scope? {
    if name == .everything { return .everything }
    if let scope = scopes[name] { return scope }
    // Only those that exist: clients could ask for any number of others.
    guard let scope = Scope(name, settings.configuration) else { return nil }
    scopes[name] = scope
    return scope
  }

  /// The scope of a request of `/v1`. The failure when there is none.
  func takeScope(_ exchange: HTTPExchange) -> OperationFailure? {
    guard let name = ScopeName.asked(exchange.head) else { return ScopeName.ambiguous }
    guard let scope = scope(name) else { return unknownScope(name) }
    exchange.scope = scope
    return nil
  }

  func scoped(_ scope: Scope) -> ScopedCatalog { ScopedCatalog(catalog: catalog, policy: policy, scope: scope) }

  /// 404: a scope that does not exist, or is not granted, does not tell which. Only what `isGranted` is suggested.
  func unknownScope(
    _ name: ScopeName, where isGranted: (ScopeName) -> Bool = { _ in true }
  ) -> OperationFailure {
    let configuration = settings.configuration
    let (what, asked, known): (String, String, [String])
    switch name {
    case .everything: (what, asked, known) = ("Scope", "", [])
    case .server(let id):
      (what, asked, known) = ("Server", id, configuration.servers.map(\.id).filter { isGranted(.server($0)) })
    case .profile(let name):
      (what, asked, known) = ("Profile", name, configuration.profiles.map(\.name).filter { isGranted(.profile($0)) })
    }
    let nearest = IDSuggestions.nearest(to: asked, among: known)
    return OperationFailure(
      status: 404, code: .invalidArgs,
      message: "\(what) \"\(asked.prefix(128))\" is not in the configuration of this daemon. "
        + "What was added to the file counts after: warmplane reload.",
      reason: "unknown_scope",
      hint: nearest.isEmpty ? nil : FailureHint(didYouMean: nearest, actor: .client))
  }
}

extension ScopeName {
  /// The profile that a request names, by `?profile=` or the header `X-Warmplane-Profile`; nil when it names two.
  static func asked(_ head: RequestHead) -> ScopeName? {
    var names: Set<String> = []
    for field in (head.query ?? "").split(separator: "&") where field.utf8.starts(with: "profile=".utf8) {
      guard let name = PercentEncoding.decode(field.dropFirst("profile=".count)) else { return nil }
      names.insert(name)
    }
    switch head.profile {
    case .absent: break
    case .once(let name): names.insert(name)
    case .repeated: return nil
    }
    return names.count > 1 ? nil : names.first.map { .profile($0) } ?? .everything
  }

  static let ambiguous = OperationFailure.badRequest(
    "The request names more than one profile, or one that is not percent-encoded UTF-8.", "invalid_field")
}
