import Configuration
import Protocol

/// The entries of one kind that a view may show, in the order of its lists, and under which names and URIs MCP's own methods
/// show them (contract §5.4). Pure.
///
/// In compact exposure, of several servers with the same name the first in the order of the configuration keeps it, policy or
/// not, so that a name does not move when a policy changes; what the scope hides has none. In the others entries and names
/// depend on their server alone: who lost its public id to another server is there, too.
struct ExposedNames: Sendable {
  /// By public id and server; in direct exposure as the server has them.
  private(set) var entries: [any CatalogEntry] = []
  private var names: [Source: String] = [:]
  private var owners: [ExactText: any CatalogEntry] = [:]

  /// Names an entry whatever its public id is.
  private struct Source: Hashable {
    let server: ExactText
    let name: ExactText

    init(_ entry: any CatalogEntry) {
      server = ExactText(entry.server)
      name = ExactText(ExposedNames.upstreamName(of: entry))
    }
  }

  init(_ catalog: Catalog, _ kind: EntryKind, _ scope: Scope, _ exposure: Exposure) {
    let servers = catalog.order.filter { scope.includes($0) }
    switch exposure {
    case .compact, .auto:
      entries = catalog.sorted(kind).filter { scope.shows($0.id, of: $0.server) }
      let byServer = Dictionary(grouping: entries) { ExactText($0.server) }
      addCompact(servers.flatMap { byServer[ExactText($0)] ?? [] })
    case .full:
      for server in servers { addFull(catalog.entries(kind, of: server)) }
      entries.sort { Self.position(of: $0).utf8.lexicographicallyPrecedes(Self.position(of: $1).utf8) }
    case .direct:
      for server in servers {
        for entry in catalog.entries(kind, of: server) { add(entry, Self.upstreamName(of: entry)) }
        entries += catalog.entries(kind, of: server)
      }
    }
  }

  /// The place of an entry in lists that are sorted; different for each.
  static func position(of entry: any CatalogEntry) -> String { "\(entry.id)\u{0}\(entry.server)" }

  /// The listed name of an entry.
  func name(of entry: any CatalogEntry) -> String { names[Source(entry)] ?? Self.upstreamName(of: entry) }

  /// The entry with a listed name.
  func entry(named name: String) -> (any CatalogEntry)? { owners[ExactText(name)] }

  private mutating func add(_ entry: any CatalogEntry, _ name: String) {
    names[Source(entry)] = name
    let key = ExactText(name)
    if owners[key] == nil { owners[key] = entry }
  }

  private static func upstreamName(of entry: any CatalogEntry) -> String { entry.upstreamName.string ?? entry.id }

  // MARK: Full

  private mutating func addFull(_ serverEntries: [any CatalogEntry]) {
    entries += serverEntries
    // Some hosts do not tell upper case from lower case. Aliases have no say in who is the first.
    var folded: Set<String> = []
    let named = serverEntries.map { (entry: $0, upstream: Self.upstreamName(of: $0)) }
    for (entry, upstream) in named.sorted(by: { $0.upstream.utf8.lexicographicallyPrecedes($1.upstream.utf8) }) {
      if entry is ResourceEntry {
        add(entry, FullName.uri(of: upstream, entry.server))
        continue
      }
      var name = FullName.of(upstream, entry.server)
      if !folded.insert(name.lowercased()).inserted { name = FullName.hashed(upstream, entry.server) }
      add(entry, name)
    }
  }

  // MARK: Compact

  private mutating func addCompact(_ entries: [any CatalogEntry]) {
    var displaced: [any CatalogEntry] = []
    for entry in entries {
      let name = Self.plainName(of: entry)
      let isFree = owners[ExactText(name)] == nil
      // Some clients refuse a whole list for one URI that is none.
      if isFree, !(entry is ResourceEntry) || ResourceURI.isWellFormed(name) {
        add(entry, name)
      } else {
        displaced.append(entry)
      }
    }
    for entry in displaced { add(entry, Self.distinctName(of: entry)) }
  }

  private static func plainName(of entry: any CatalogEntry) -> String {
    let upstream = upstreamName(of: entry)
    // A prompt that has an alias is known by it; a resource keeps its URI.
    return entry is PromptEntry && !entry.id.isExactly("\(entry.server).\(upstream)") ? entry.id : upstream
  }

  private static func distinctName(of entry: any CatalogEntry) -> String {
    entry is ResourceEntry ? FullName.uri(of: upstreamName(of: entry), entry.server) : entry.id
  }
}
