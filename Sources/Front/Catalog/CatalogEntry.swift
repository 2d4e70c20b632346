import Protocol

/// One entry of an upstream's list as clients see it.
protocol CatalogEntry: Sendable {
  static var kind: EntryKind { get }
  /// The member of the upstream's object that names it: `name` or `uri`.
  static var nameMember: String { get }

  var origin: EntryOrigin { get }

  init(_ origin: EntryOrigin)

  /// Its item in the list of its kind (contract §3.1).
  func writeItem(to writer: inout JSONWriter)
}

/// What every entry has, of whatever kind.
struct EntryOrigin: Sendable {
  /// The public id.
  let id: String
  let server: String
  /// What names it towards its upstream, as the upstream's own JSON string: a tool's or prompt's name, a resource's URI.
  let upstreamName: JSONSlice
  /// The upstream's object, untouched.
  let item: JSONSlice
}

extension CatalogEntry {
  static var nameMember: String { "name" }

  var id: String { origin.id }
  var server: String { origin.server }
  var upstreamName: JSONSlice { origin.upstreamName }
  var item: JSONSlice { origin.item }

  /// Nil when the upstream's object has no name. `id` makes the public id of the upstream's name.
  init?(server: String, item: JSONSlice, id: (String) -> String) {
    guard let name = item.member(Self.nameMember), let text = name.string else { return nil }
    self.init(EntryOrigin(id: id(text), server: server, upstreamName: name, item: item))
  }
}
