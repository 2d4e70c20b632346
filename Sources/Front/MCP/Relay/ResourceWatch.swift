import Protocol

/// A resource whose changes somebody wants to hear of.
struct WatchedResource: Hashable {
  private let exactServer: ExactText
  private let exactURI: ExactText

  init(server: String, uri: String) { (exactServer, exactURI) = (ExactText(server), ExactText(uri)) }

  var server: String { exactServer.text }
  /// The server's own.
  var uri: String { exactURI.text }

  /// Whether a change of `changed` concerns it: it may be a part of it (mcp-checklist MAP-36).
  func covers(_ changed: String) -> Bool {
    guard changed.utf8.starts(with: uri.utf8) else { return false }
    if changed.utf8.count == uri.utf8.count || uri.utf8.last == UInt8(ascii: "/") { return true }
    return "/?#".utf8.contains(changed.utf8[changed.utf8.index(changed.utf8.startIndex, offsetBy: uri.utf8.count)])
  }
}

/// What one session has subscribed, each with the URI by which its client knows it. Pure.
struct ResourceWatch {
  /// Subscriptions of one session, those of its listen requests included.
  static let most = 1000

  /// Subscriptions of one kind: those of `resources/subscribe`, or of one `subscriptions/listen`.
  private var uris: [Source: [WatchedResource: String]] = [:]

  enum Source: Hashable {
    case session
    case listen(RequestID)
  }

  private(set) var count = 0

  enum Addition { case new, known, tooMany }

  mutating func add(_ resource: WatchedResource, as uri: String, for source: Source) -> Addition {
    if uris[source]?[resource] != nil {
      uris[source]?[resource] = uri
      return .known
    }
    guard count < Self.most else { return .tooMany }
    uris[source, default: [:]][resource] = uri
    count += 1
    return .new
  }

  /// Forgets the one that the client knows by `uri`; nil when there is none.
  mutating func remove(_ uri: String, for source: Source) -> WatchedResource? {
    guard let resource = uris[source]?.first(where: { $0.value.isExactly(uri) })?.key else { return nil }
    uris[source]?[resource] = nil
    count -= 1
    return resource
  }

  /// The subscriptions of one kind, by the URIs of the client.
  func all(for source: Source) -> [(resource: WatchedResource, uri: String)] {
    (uris[source] ?? [:]).map { ($0, $1) }.sorted { $0.uri < $1.uri }
  }

  mutating func removeAll(for source: Source) -> [WatchedResource] {
    let resources = uris.removeValue(forKey: source) ?? [:]
    count -= resources.count
    return Array(resources.keys)
  }

  mutating func removeAll() -> [WatchedResource] {
    let all = uris.values.flatMap(\.keys)
    uris = [:]
    count = 0
    return all
  }

  /// Who is to be told of a change, and under which URI; the resource itself, or nil for a part of it.
  func concerned(by changed: String, of server: String) -> [(source: Source, uri: String?)] {
    uris.compactMap { source, resources in
      if let uri = resources[WatchedResource(server: server, uri: changed)] { return (source, uri) }
      return resources.keys.contains { $0.server.isExactly(server) && $0.covers(changed) } ? (source, nil) : nil
    }
  }
}
