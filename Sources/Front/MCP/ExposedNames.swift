import Configuration
import Protocol

/// Under which names and URIs MCP's own methods show the entries of one kind (contract §5.4). Pure.
///
/// In compact exposure, of several servers with the same name the first in the order of the configuration keeps it, policy or
/// not, so that a name does not move when a policy changes; what the scope hides has none. In the others a name depends on
/// its server alone.
struct ExposedNames: Sendable {
  private var names: [ExactText: String] = [:]
  private var ids: [ExactText: String] = [:]
  private let exposure: Exposure

  init(_ catalog: Catalog, _ kind: EntryKind, _ scope: Scope, _ exposure: Exposure) {
    self.exposure = exposure
    let rank = Dictionary(uniqueKeysWithValues: catalog.order.enumerated().map { ($1, $0) })
    let entries = catalog.sorted(kind).filter { entry in
      exposure == .compact ? scope.shows(entry.id, of: entry.server) : scope.includes(entry.server)
    }
    let inOrder = entries.enumerated().sorted { left, right in
      let (first, second) = (rank[left.element.server] ?? .max, rank[right.element.server] ?? .max)
      return (first, left.offset) < (second, right.offset)
    }
    switch exposure {
    case .compact, .auto: addCompact(inOrder.map(\.element))
    case .full: addFull(inOrder.map(\.element))
    case .direct: for (_, entry) in inOrder { add(entry.id, Self.upstreamName(of: entry)) }
    }
  }

  /// The listed name of a public id.
  func name(of id: String) -> String { names[ExactText(id)] ?? id }

  /// The public id that a client means: by a listed name, or in compact exposure by the public id itself.
  func id(of name: String) -> String? { ids[ExactText(name)] ?? (exposure == .compact ? name : nil) }

  private mutating func add(_ id: String, _ name: String) {
    names[ExactText(id)] = name
    let key = ExactText(name)
    if ids[key] == nil { ids[key] = id }
  }

  private static func upstreamName(of entry: any CatalogEntry) -> String { entry.upstreamName.string ?? entry.id }

  // MARK: Full

  private mutating func addFull(_ entries: [any CatalogEntry]) {
    // Some hosts do not tell upper case from lower case.
    var folded: Set<String> = []
    for entry in entries {
      let upstream = Self.upstreamName(of: entry)
      if entry is ResourceEntry {
        add(entry.id, FullName.uri(of: upstream, entry.server))
        continue
      }
      var name = FullName.of(upstream, entry.server)
      if !folded.insert(name.lowercased()).inserted { name = FullName.hashed(upstream, entry.server) }
      add(entry.id, name)
    }
  }

  // MARK: Compact

  private mutating func addCompact(_ entries: [any CatalogEntry]) {
    var displaced: [any CatalogEntry] = []
    for entry in entries {
      let name = Self.plainName(of: entry)
      if ids[ExactText(name)] == nil { add(entry.id, name) } else { displaced.append(entry) }
    }
    for entry in displaced { add(entry.id, Self.distinctName(of: entry)) }
  }

  private static func plainName(of entry: any CatalogEntry) -> String {
    let upstream = upstreamName(of: entry)
    // A prompt that has an alias is known by it; a resource keeps its URI.
    return entry is PromptEntry && entry.id != "\(entry.server).\(upstream)" ? entry.id : upstream
  }

  private static func distinctName(of entry: any CatalogEntry) -> String {
    entry is ResourceEntry ? FullName.uri(of: upstreamName(of: entry), entry.server) : entry.id
  }
}
