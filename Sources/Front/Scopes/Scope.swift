import Configuration
import Protocol

/// What one client may see and use. Pure.
///
/// A scope hides what it leaves out: for its clients that does not exist. (What the policy denies is refused by name.)
struct Scope: Sendable {
  static let everything = Scope(name: .everything)

  let name: ScopeName
  /// The profile that it is of.
  private(set) var profile: ProfileSettings?
  private var servers: Set<ExactText>?
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
    case .profile(let name):
      guard let profile = configuration.profiles.first(where: { $0.name.isExactly(name) }) else { return nil }
      self.profile = profile
      servers = profile.servers.map { Set($0.map { ExactText($0) }) }
      policy = Policy(profile.policy)
    }
  }

  /// Of a client whose server or profile is not in the configuration any more.
  static func empty(_ name: ScopeName) -> Scope {
    var scope = Scope(name: name)
    scope.servers = []
    return scope
  }

  /// Whether anything may be hidden.
  var isLimited: Bool { servers != nil || policy != nil }

  /// The server, when it is about one only: its ids need no prefix then.
  var onlyServer: String? { servers?.count == 1 ? servers?.first?.text : nil }

  func includes(_ server: String) -> Bool { servers?.contains(ExactText(server)) ?? true }

  /// Whether the entry with this public id exists for its clients.
  func shows(_ publicID: String, of server: String) -> Bool {
    includes(server) && (policy?.allows(publicID) ?? true)
  }
}
