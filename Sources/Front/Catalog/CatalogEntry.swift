import Protocol

/// One entry of an upstream's list as clients see it.
protocol CatalogEntry: Sendable {
  static var kind: EntryKind { get }

  /// The public id.
  var id: String { get }
  var server: String { get }
  /// What names it towards its upstream, as the upstream's own JSON string: a tool's or prompt's name, a resource's URI.
  var upstreamName: JSONSlice { get }
  /// The upstream's object, untouched.
  var item: JSONSlice { get }

  /// Nil when the upstream's object has no name. `id` makes the public id of the upstream's name.
  init?(server: String, item: JSONSlice, id: (String) -> String)

  /// Its item in the list of its kind (contract §3.1).
  func writeItem(to writer: inout JSONWriter)
}
