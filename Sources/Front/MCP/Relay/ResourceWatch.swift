import Protocol

/// What one session has subscribed, each with the URI by which its client knows it. Pure.
struct ResourceWatch {
  /// Subscriptions of one session, those of its listen requests included.
  static let most = 1000

  /// Subscriptions of one kind: those of `resources/subscribe`, or of one `subscriptions/listen`.
  enum Source: Hashable {
    case session
    case listen(RequestID)
  }

  enum Addition { case new, known, tooMany }

  /// The client's URIs by those of the servers.
  private var uris: [Source: [ExactText: URITable<String>]] = [:]
  private(set) var count = 0
  /// Resources of `.session` that came, went, or are known by another URI since `takeChanges`. Nil: nobody keeps them.
  private var changes: Set<WatchedResource>?

  mutating func add(_ resource: WatchedResource, as uri: String, for source: Source) -> Addition {
    let known = self[resource, source]
    guard known != nil || count < Self.most else { return .tooMany }
    if known?.isExactly(uri) == true { return .known }
    uris[source, default: [:]][ExactText(resource.server), default: URITable()][resource.uri] = uri
    if source == .session { changes?.insert(resource) }
    if known != nil { return .known }
    count += 1
    return .new
  }

  /// By which URI the client knows a resource that it has subscribed.
  subscript(resource: WatchedResource, source: Source) -> String? {
    uris[source]?[ExactText(resource.server)]?[resource.uri]
  }

  /// Forgets the one that the client knows by `uri`; nil when there is none.
  mutating func remove(_ uri: String, for source: Source) -> WatchedResource? {
    for (server, table) in uris[source] ?? [:] {
      guard let own = table.values.first(where: { $0.value.isExactly(uri) })?.key else { continue }
      let resource = WatchedResource(server: server.text, uri: own.text)
      remove(resource, for: source)
      return resource
    }
    return nil
  }

  mutating func remove(_ resource: WatchedResource, for source: Source) {
    guard self[resource, source] != nil else { return }
    let server = ExactText(resource.server)
    uris[source]?[server]?[resource.uri] = nil
    if uris[source]?[server]?.isEmpty == true { uris[source]?[server] = nil }
    if source == .session { changes?.insert(resource) }
    count -= 1
  }

  /// The subscriptions of one kind. In no order.
  func all(for source: Source) -> [WatchedResource] {
    (uris[source] ?? [:]).flatMap { server, table in
      table.values.keys.map { WatchedResource(server: server.text, uri: $0.text) }
    }
  }

  mutating func removeAll(for source: Source) -> [WatchedResource] {
    let resources = all(for: source)
    uris[source] = nil
    count -= resources.count
    return resources
  }

  mutating func removeAll() -> [WatchedResource] { Array(uris.keys).flatMap { removeAll(for: $0) } }

  // MARK: Changes

  /// Who is to be told of a change, and under which URI; the resource itself, or nil for a part of it.
  func concerned(by changed: String, of server: String) -> [(source: Source, uri: String?)] {
    uris.compactMap { source, servers in
      guard let table = servers[ExactText(server)] else { return nil }
      if let uri = table[changed] { return (source, uri) }
      return table.wholes(of: changed).isEmpty ? nil : (source, nil)
    }
  }

  /// Who is to be told of all resources of a server, with its URIs and the client's.
  func all(of server: String) -> [(source: Source, resource: String, uri: String)] {
    uris.flatMap { source, servers in
      (servers[ExactText(server)]?.values ?? [:]).map { (source, $0.key.text, $0.value) }
    }
  }

  // MARK: Keeping

  /// From now on somebody keeps what is subscribed with `resources/subscribe`.
  mutating func noteChanges() { if changes == nil { changes = [] } }

  /// The resources that changed since the last time.
  mutating func takeChanges() -> Set<WatchedResource> {
    defer { if changes != nil { changes = [] } }
    return changes ?? []
  }
}
