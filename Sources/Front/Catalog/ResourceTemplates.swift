import Protocol

/// The resource templates of all servers: which URIs a server may have that it does not list. Pure.
struct ResourceTemplates: Sendable {
  /// Templates of one server that are looked at.
  static let mostPerServer = 1000
  /// What looking through the templates of one server may cost, in bytes looked at: some milliseconds.
  static let mostWork = 1_000_000

  private var templates: [String: [URITemplate]] = [:]

  /// Takes one server's list. What is no template matches nothing.
  mutating func set(server: String, items: [JSONSlice]) {
    templates[server] = items.prefix(Self.mostPerServer).compactMap { item in
      item.member("uriTemplate")?.string.flatMap { URITemplate($0) }
    }
  }

  /// Forgets servers that are not in `kept`.
  mutating func keep(only kept: Set<String>) { templates = templates.filter { kept.contains($0.key) } }

  /// Whether the server has any.
  func has(_ server: String) -> Bool { templates[server]?.isEmpty == false }

  /// Whether the URI matches a template of the server.
  func match(_ uri: some StringProtocol, of server: String) -> Bool {
    guard let templates = templates[server] else { return false }
    let bytes = Array(uri.utf8)
    var work = Self.mostWork
    return templates.contains { $0.matches(bytes, work: &work) }
  }
}
