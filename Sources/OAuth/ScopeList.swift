/// Scope as OAuth writes it (RFC 6749 section 3.3): names between spaces, each once, in their first order. Pure.
package struct ScopeList: Sendable, Equatable {
  package private(set) var names: [String] = []

  /// Names in a scope that are kept; further ones are dropped.
  package static let most = 256

  package init(_ text: String? = nil) { insert(text) }

  package init(_ names: [String]) { names.forEach { insert($0) } }

  /// Nil when there is none: then no `scope` is sent at all.
  package var text: String? { names.isEmpty ? nil : names.joined(separator: " ") }

  package func contains(_ name: String) -> Bool { names.contains(name) }

  /// Whether every name of `other` is here.
  package func covers(_ other: ScopeList) -> Bool { other.names.allSatisfy(names.contains) }

  package func union(_ other: ScopeList) -> ScopeList {
    var list = self
    for name in other.names { list.insert(name) }
    return list
  }

  private mutating func insert(_ text: String?) {
    for name in text?.split(separator: " ") ?? [] {
      let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
      guard isPlain, names.count < Self.most, !names.contains(String(name)) else { continue }
      names.append(String(name))
    }
  }
}

extension ScopeList {
  /// What tokens that do without a person are asked for, and the beginning of what a login asks for: the configured
  /// scope, else that of the challenge, else all that the resource lists, else nothing.
  package static func initial(_ profile: OAuthProfile, _ record: DiscoveryRecord) -> ScopeList {
    if let configured = ScopeList(profile.scope).text { return ScopeList(configured) }
    if let challenged = ScopeList(record.initialScope).text { return ScopeList(challenged) }
    return ScopeList(record.resourceScopesSupported ?? [])
  }

  /// What a login asks for: in addition what was granted before and what the server missed (step-up, SEP-2350), and
  /// `offline_access` where the authorization server lists it. Without any other scope it is not asked for, because that
  /// would replace the server's default.
  package static func forLogin(_ profile: OAuthProfile, _ record: DiscoveryRecord, _ entry: StoreEntry?) -> ScopeList {
    var scope = initial(profile, record)
    if let challenged = ScopeList(entry?.challengedScope).text {
      scope = scope.union(ScopeList(entry?.tokens?.scope)).union(ScopeList(challenged))
    }
    if !scope.names.isEmpty, record.offlineAccessSupported == true { scope = scope.union(ScopeList("offline_access")) }
    return scope
  }
}
