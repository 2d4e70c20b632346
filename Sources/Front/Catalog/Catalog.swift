import Configuration
import Protocol
import Supervisor

/// All that clients can see of all servers. Pure.
struct Catalog: Sendable {
  /// Server ids in the order of the configuration.
  private(set) var order: [String]
  private(set) var capabilities: EntryCatalog<Capability>
  private(set) var resources: EntryCatalog<ResourceEntry>
  private(set) var prompts: EntryCatalog<PromptEntry>
  private(set) var templates = ResourceTemplates()
  /// What was set last, for each server whose lists were ever read.
  private var lists: [String: ServerCatalog] = [:]
  private var faultsByServer: [String: [EntryFault]] = [:]

  init(_ configuration: Configuration) {
    order = configuration.servers.map(\.id)
    capabilities = EntryCatalog(aliases: configuration.capabilityAliases)
    resources = EntryCatalog(aliases: configuration.resourceAliases)
    prompts = EntryCatalog(aliases: configuration.promptAliases)
  }

  /// Takes a new configuration: other aliases, another order, fewer servers. Lists of servers that stay are kept, those
  /// of `forgotten` servers are not.
  mutating func configure(_ configuration: Configuration, forgetting forgotten: [String]) {
    order = configuration.servers.map(\.id)
    let kept = Set(order).subtracting(forgotten)
    lists = lists.filter { kept.contains($0.key) }
    faultsByServer = faultsByServer.filter { kept.contains($0.key) }
    capabilities.configure(aliases: configuration.capabilityAliases, order: order, keeping: kept)
    resources.configure(aliases: configuration.resourceAliases, order: order, keeping: kept)
    prompts.configure(aliases: configuration.promptAliases, order: order, keeping: kept)
    templates.keep(only: kept)
  }

  /// Takes a server's lists and returns those that count now: where one failed, what was known of it stays.
  @discardableResult
  mutating func set(server: String, _ new: ServerCatalog) -> ServerCatalog {
    let lists = self.lists[server].map { new.keeping($0) } ?? new
    self.lists[server] = lists
    faultsByServer[server] = EntryFault.all(in: lists, of: server)
    capabilities.set(server: server, items: lists.tools, order: order)
    resources.set(server: server, items: lists.resources, order: order)
    prompts.set(server: server, items: lists.prompts, order: order)
    templates.set(server: server, items: lists.resourceTemplates)
    return lists
  }

  /// The server's own objects, in its order.
  func resourceTemplates(of server: String) -> [JSONSlice] { lists[server]?.resourceTemplates ?? [] }

  /// Whether the configuration has the server.
  func has(_ server: String) -> Bool { order.contains { $0.isExactly(server) } }

  /// Whether the server's lists were ever read.
  func isListed(_ server: String) -> Bool { lists[server] != nil }

  var omissions: [Omission] { capabilities.omissions + resources.omissions + prompts.omissions }

  /// Entries that are not as they must be.
  var faults: [EntryFault] { order.flatMap { faultsByServer[$0] ?? [] } }

  func entry(_ kind: EntryKind, _ id: String) -> (any CatalogEntry)? {
    switch kind {
    case .capability: capabilities[id]
    case .resource: resources[id]
    case .prompt: prompts[id]
    }
  }

  func sorted(_ kind: EntryKind) -> [any CatalogEntry] {
    switch kind {
    case .capability: capabilities.sorted
    case .resource: resources.sorted
    case .prompt: prompts.sorted
    }
  }

  /// A server's own entries in its own order, whoever has their public ids.
  func entries(_ kind: EntryKind, of server: String) -> [any CatalogEntry] {
    switch kind {
    case .capability: capabilities.entries(of: server)
    case .resource: resources.entries(of: server)
    case .prompt: prompts.entries(of: server)
    }
  }

  /// Servers that may have an entry with this id, listed or not: it begins with the server's id and a dot, or is an alias
  /// for one of its entries.
  func possibleOwners(of id: String, _ kind: EntryKind) -> [String] {
    let aliased = sources(of: id, kind)
    return order.filter { server in
      let prefix = "\(server).".utf8
      return id.utf8.starts(with: prefix) || aliased.contains { $0.utf8.starts(with: prefix) }
    }
  }

  /// Those of them whose lists were never read.
  func unlistedOwners(of id: String, _ kind: EntryKind) -> [String] {
    possibleOwners(of: id, kind).filter { !isListed($0) }
  }

  /// The id under which clients see a source id, whether a list names it or not.
  func publicID(of source: String, _ kind: EntryKind) -> String {
    switch kind {
    case .capability: capabilities.publicID(of: source)
    case .resource: resources.publicID(of: source)
    case .prompt: prompts.publicID(of: source)
    }
  }

  /// The source ids that have `id` as their alias.
  func sources(of id: String, _ kind: EntryKind) -> [String] {
    switch kind {
    case .capability: capabilities.aliasedSources(of: id)
    case .resource: resources.aliasedSources(of: id)
    case .prompt: prompts.aliasedSources(of: id)
    }
  }
}
