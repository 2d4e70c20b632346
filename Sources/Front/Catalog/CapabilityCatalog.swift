import Configuration
import Protocol
import Supervisor

/// The capabilities of all servers under their public ids. Pure.
///
/// Servers are merged in the order of the configuration: of two entries with the same public id the first keeps it, the
/// other is left out and named (contract §4.1).
struct CapabilityCatalog: Sendable {
  /// An entry that lost its id to another.
  struct Omission: Sendable, Equatable {
    let server: String
    let id: String
    let keptBy: String
  }

  private let order: [String]
  private let aliases: AliasMap
  private var tools: [String: [JSONSlice]] = [:]
  private var byID: [String: Capability] = [:]
  /// Sorted by id in byte order.
  private(set) var sorted: [Capability] = []
  private(set) var omissions: [Omission] = []

  /// `order`: the server ids in the order of the configuration.
  init(order: [String], aliases: AliasMap) {
    self.order = order
    self.aliases = aliases
  }

  /// Whether the server's tools were ever read.
  func isListed(_ server: String) -> Bool { tools[server] != nil }

  subscript(id: String) -> Capability? { byID[id] }

  /// Takes a server's tools and merges anew.
  mutating func set(server: String, tools serverTools: [JSONSlice]) {
    tools[server] = serverTools
    byID = [:]
    omissions = []
    for server in order {
      for tool in tools[server] ?? [] { add(tool, server) }
    }
    sorted = byID.values.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
  }

  private mutating func add(_ tool: JSONSlice, _ server: String) {
    guard let capability = Capability(server: server, tool: tool, id: { aliases.publicID(of: "\(server).\($0)") })
    else { return }
    if let kept = byID[capability.id] {
      omissions.append(Omission(server: server, id: capability.id, keptBy: kept.server))
    } else {
      byID[capability.id] = capability
    }
  }

  /// Servers whose tools were never read and that may have a capability with this id: it begins with the server's id and
  /// a dot, or is an alias for one of its tools.
  func unlistedOwners(of id: String) -> [String] {
    let aliased = aliases.publicIDs.filter { $0.value == id }.map(\.key)
    return order.filter { server in
      !isListed(server)
        && (id.utf8.starts(with: "\(server).".utf8) || aliased.contains { $0.utf8.starts(with: "\(server).".utf8) })
    }
  }
}
