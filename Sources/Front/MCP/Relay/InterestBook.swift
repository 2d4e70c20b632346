import Protocol

/// What MCP sessions want to hear of servers, counted by servers and resources, and which sums have changed. Pure.
///
/// Every step costs what it changes, not what there is: sessions may have a thousand subscriptions each.
struct InterestBook {
  /// A session.
  typealias Listener = ObjectIdentifier

  private struct Watched {
    /// How often each session has each resource.
    var listeners = URITable<[Listener: Int]>()
    /// Its URIs in ascending order.
    var uris: [String] = []
    /// The server was away since: its resources may have changed.
    var isInterrupted = false
  }

  private var watched: [String: Watched] = [:]
  private var tallies: [ScopeName: LevelTally] = [:]
  private var levels: [Listener: (scope: ScopeName, level: MessageLevel?)] = [:]

  init() {}

  // MARK: Resources

  /// Whether a server's table has room for the resource, or has it already.
  func hasRoom(for resource: WatchedResource) -> Bool {
    guard let watched = watched[resource.server] else { return true }
    return watched.uris.count < Interests.mostResources || watched.listeners[resource.uri] != nil
  }

  /// A session wants to hear of the resource, perhaps once more. True when nobody did before. There must be room.
  mutating func watch(_ resource: WatchedResource, _ listener: Listener) -> Bool {
    let isNew = watched[resource.server]?.listeners[resource.uri] == nil
    watched[resource.server, default: Watched()].listeners[resource.uri, default: [:]][listener, default: 0] += 1
    if isNew { watched[resource.server]?.uris.insertAscending(resource.uri) }
    return isNew
  }

  /// A session does not want to hear of the resource any more: one of the times that it did. True when nobody does now.
  mutating func unwatch(_ resource: WatchedResource, _ listener: Listener) -> Bool {
    guard let count = watched[resource.server]?.listeners[resource.uri]?[listener] else { return false }
    watched[resource.server]?.listeners[resource.uri]?[listener] = count > 1 ? count - 1 : nil
    guard watched[resource.server]?.listeners[resource.uri]?.isEmpty == true else { return false }
    watched[resource.server]?.listeners[resource.uri] = nil
    watched[resource.server]?.uris.removeAscending(resource.uri)
    if watched[resource.server]?.uris.isEmpty == true { watched[resource.server] = nil }
    return true
  }

  /// URIs of a server that somebody wants to hear of, in ascending order.
  func uris(of server: String) -> [String] { watched[server]?.uris ?? [] }

  /// Servers with subscribed resources.
  var servers: some Collection<String> { watched.keys }

  /// The sessions that are to hear that a resource, or a part of one, has changed.
  func listeners(to uri: String, of server: String) -> Set<Listener> {
    guard let listeners = watched[server]?.listeners else { return [] }
    var found = Set((listeners[uri] ?? [:]).keys)
    for whole in listeners.wholes(of: uri) { found.formUnion(whole.keys) }
    return found
  }

  /// A server is ready, or is not. When it was away since: the sessions that are to hear that their resources may have
  /// changed.
  mutating func noteReadiness(_ isReady: Bool, of server: String) -> Set<Listener> {
    guard let table = watched[server], table.isInterrupted == isReady else { return [] }
    watched[server]?.isInterrupted = !isReady
    return isReady ? Set(table.listeners.values.values.lazy.flatMap(\.keys)) : []
  }

  // MARK: Log levels

  /// A session may be told of log messages, from `level` on, or has set none. Its scope is always the same. True when that
  /// changes what is wanted of the servers that it sees.
  mutating func setLevel(_ level: MessageLevel?, _ listener: Listener, in scope: ScopeName) -> Bool {
    let before = sum(of: scope)
    if let old = levels[listener] { tallies[old.scope]?.remove(old.level) }
    tallies[scope, default: LevelTally()].add(level)
    levels[listener] = (scope, level)
    return before != sum(of: scope)
  }

  /// The session is over. In which scope something else is wanted now.
  mutating func forgetLevel(_ listener: Listener) -> ScopeName? {
    guard let old = levels.removeValue(forKey: listener) else { return nil }
    let before = sum(of: old.scope)
    tallies[old.scope]?.remove(old.level)
    if tallies[old.scope]?.isEmpty == true { tallies[old.scope] = nil }
    return before != sum(of: old.scope) ? old.scope : nil
  }

  private struct Sum: Equatable {
    let wanted: MessageLevel?
    let hasSilent: Bool
  }

  private func sum(of scope: ScopeName) -> Sum {
    Sum(wanted: tallies[scope]?.wanted, hasSilent: tallies[scope]?.hasSilent ?? false)
  }

  /// The most verbose level of the sessions that see a server, which is what `includes` tells of their scopes. Nil unless
  /// somebody has set one; who has not gets what others let through, from `LevelTally.unasked` on.
  func wantedLevel(where includes: (ScopeName) -> Bool) -> MessageLevel? {
    let seen = tallies.filter { includes($0.key) }.values
    guard let wanted = seen.compactMap(\.wanted).min() else { return nil }
    return seen.contains(where: \.hasSilent) ? min(wanted, LevelTally.unasked) : wanted
  }
}

extension [String] {
  /// Where a text belongs in ascending order, and is at the earliest.
  private func place(of text: String) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < text { low = middle + 1 } else { high = middle }
    }
    return low
  }

  fileprivate mutating func insertAscending(_ text: String) { insert(text, at: place(of: text)) }

  fileprivate mutating func removeAscending(_ text: String) {
    // Texts that only order alike may stand before it.
    let first = place(of: text)
    if let place = self[first...].firstIndex(where: { $0.isExactly(text) }) { remove(at: place) }
  }
}
