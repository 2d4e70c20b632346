import Configuration
import Protocol
import Supervisor

/// The entries of one kind of all servers under their public ids. Pure.
///
/// Servers are merged in the order of the configuration: of two entries with the same public id the first keeps it, the
/// other is left out and named (contract §4.1).
struct EntryCatalog<Entry: CatalogEntry>: Sendable {
  private var aliases: AliasMap
  /// By server, in its own order.
  private var entries: [String: [Entry]] = [:]
  private var byID: [ExactText: Entry] = [:]
  /// Sorted by id in byte order.
  private(set) var sorted: [any CatalogEntry] = []
  private(set) var omissions: [Omission] = []

  init(aliases: AliasMap) { self.aliases = aliases }

  subscript(id: String) -> Entry? { byID[ExactText(id)] }

  /// Takes one server's list and merges anew. `order`: the server ids in the order of the configuration.
  mutating func set(server: String, items serverItems: [JSONSlice], order: [String]) {
    entries[server] = serverItems.compactMap { entry($0, server) }
    merge(order)
  }

  /// Takes other aliases and another order, forgets servers that are not in `kept`, and merges anew.
  mutating func configure(aliases: AliasMap, order: [String], keeping kept: Set<String>) {
    self.aliases = aliases
    entries = entries.filter { kept.contains($0.key) }
    for (server, known) in entries { entries[server] = known.compactMap { entry($0.item, server) } }
    merge(order)
  }

  private mutating func merge(_ order: [String]) {
    byID = [:]
    omissions = []
    for server in order {
      for entry in entries[server] ?? [] { add(entry) }
    }
    sorted = byID.values.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
  }

  private func entry(_ item: JSONSlice, _ server: String) -> Entry? {
    Entry(server: server, item: item, id: { aliases.publicID(of: "\(server).\($0)") })
  }

  private mutating func add(_ entry: Entry) {
    let key = ExactText(entry.id)
    if let kept = byID[key] {
      omissions.append(Omission(server: entry.server, id: entry.id, keptBy: kept.server))
    } else {
      byID[key] = entry
    }
  }

  /// A server's own entries in its own order, those too that lost their id to another server; of several with one name the
  /// first.
  func entries(of server: String) -> [Entry] {
    var seen: Set<ExactText> = []
    return (entries[server] ?? []).filter { seen.insert(ExactText($0.upstreamName.string ?? "")).inserted }
  }

  /// The id under which clients see a source id, whether a list names it or not.
  func publicID(of source: String) -> String { aliases.publicID(of: source) }

  /// The source ids that have `id` as their alias.
  func aliasedSources(of id: String) -> [String] { aliases.publicIDs.filter { $0.value.isExactly(id) }.map(\.key.text) }
}

/// An entry that lost its id to another.
struct Omission: Sendable, Equatable {
  let server: String
  let id: String
  let keptBy: String

  /// For the readiness message of the server that lost it.
  func sentence(namesKeeper: Bool) -> String {
    if keptBy == server { return "\"\(id)\" is listed more than once, the first counts" }
    return "\"\(id)\" is omitted, \(namesKeeper ? "server \"\(keptBy)\"" : "another server") has that id"
  }
}
