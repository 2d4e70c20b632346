import Configuration
import Protocol

/// What one client may see and use. Pure.
///
/// A scope hides what it leaves out: for its clients that does not exist. (What the policy denies is refused by name.)
/// What of the catalog is left says `ScopedCatalog`.
struct Scope: Sendable {
  static let everything = Scope(name: .everything)

  let name: ScopeName
  /// The profile that it is of.
  private(set) var profile: ProfileSettings?
  /// The servers that it names; nil: all.
  private var servers: Set<ExactText>?
  /// Those of which its patterns can show something; nil: all.
  private var visible: Set<ExactText>?
  /// Nil: whatever its servers have.
  private var policy: Policy?

  private init(name: ScopeName) { self.name = name }

  /// Nil when the configuration has no such server or profile.
  init?(_ name: ScopeName, _ configuration: Configuration) {
    self.name = name
    switch name {
    case .everything: break
    case .server(let id):
      guard configuration.servers.contains(where: { $0.id.isExactly(id) }) else { return nil }
      servers = [ExactText(id)]
      visible = servers
    case .profile(let name):
      guard let profile = configuration.profiles.first(where: { $0.name.isExactly(name) }) else { return nil }
      self.profile = profile
      servers = profile.servers.map { Set($0.map { ExactText($0) }) }
      visible = servers
      guard !profile.policy.allow.isEmpty || !profile.policy.deny.isEmpty else { return }
      let policy = Policy(profile.policy)
      self.policy = policy
      let named = configuration.servers.map { ExactText($0.id) }.filter { servers?.contains($0) ?? true }
      visible = Set(named.filter { Self.canShow($0.text, policy, configuration) })
    }
  }

  /// Decided by the patterns alone, so that a server does not come and go with its lists.
  private static func canShow(_ server: String, _ policy: Policy, _ configuration: Configuration) -> Bool {
    let prefix = "\(server)."
    if policy.mayAllow(beginning: prefix) { return true }
    let aliases = [configuration.capabilityAliases, configuration.resourceAliases, configuration.promptAliases]
    return aliases.contains { map in
      map.publicIDs.contains { $0.key.text.utf8.starts(with: prefix.utf8) && policy.allows($0.value) }
    }
  }

  /// Of a client whose server or profile is not in the configuration any more.
  static func empty(_ name: ScopeName) -> Scope {
    var scope = Scope(name: name)
    scope.servers = []
    scope.visible = []
    return scope
  }

  /// What of it is of that server; nothing when that is not one of its servers, or nil.
  func narrowed(to server: String?) -> Scope {
    let one = server.map { ExactText($0) }
    var scope = self
    scope.servers = one.map { servers?.contains($0) ?? true ? [$0] : [] } ?? []
    scope.visible = one.map { visible?.contains($0) ?? true ? [$0] : [] } ?? []
    return scope
  }

  /// Whether anything may be hidden.
  var isLimited: Bool { visible != nil || policy != nil }

  /// The server, when it is about one only: its ids need no prefix then.
  var onlyServer: String? { servers?.count == 1 ? servers?.first?.text : nil }

  /// Whether its clients know of the server.
  func includes(_ server: String) -> Bool { visible?.contains(ExactText(server)) ?? true }

  /// Whether its patterns have room for an entry with this public id, of whatever server.
  func hasRoom(for publicID: String) -> Bool { policy?.allows(publicID) ?? true }

  /// Whether the entry with this public id exists for its clients.
  func shows(_ publicID: String, of server: String) -> Bool { includes(server) && hasRoom(for: publicID) }
}
