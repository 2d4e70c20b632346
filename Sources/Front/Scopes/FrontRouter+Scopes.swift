import Protocol

/// Which scope a request is for.
extension FrontRouter {
  /// 404: a scope that does not exist, or is not granted, does not tell which.
  func unknownScope(_ name: ScopeName) -> OperationFailure {
    let what: String
    switch name {
    case .everything: what = "Scope"
    case .server(let id): what = "Server \"\(id.prefix(128))\""
    case .profile(let name): what = "Profile \"\(name.prefix(128))\""
    }
    return OperationFailure(
      status: 404, code: .invalidArgs, message: "\(what) is not in the configuration of this daemon.",
      reason: "unknown_scope")
  }
}

extension ScopeName {
  /// The profile that a request of `/v1` names, by `?profile=` or the header `X-Warmplane-Profile`; nil when it names two.
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
