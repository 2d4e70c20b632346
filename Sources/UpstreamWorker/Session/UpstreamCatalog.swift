import Protocol

/// The lists of an upstream as it gave them: items are its own JSON, untouched and in its order.
struct UpstreamCatalog {
  private(set) var items: [ListKind: [JSONSlice]] = [:]
  private(set) var problems: [ListKind: String] = [:]
  /// Hash over all items in order; equal lists have equal hashes, in every process.
  private(set) var hash = ""

  init() { updateHash() }

  /// Sentences about lists that are incomplete. A server without a list of templates lacks nothing.
  var listErrors: [String] { ListKind.allCases.filter { !$0.isOptional }.compactMap { problems[$0] } }

  /// Takes one list. A list that failed, or broke off before it had as many items as the last complete one, leaves the
  /// items as they were: stale is better than gone.
  mutating func set(_ kind: ListKind, items newItems: [JSONSlice], problem: String?) {
    let old = items[kind]
    let isWorse = problem != nil && (newItems.isEmpty || (problems[kind] == nil && newItems.count < old?.count ?? 0))
    if old == nil || !isWorse { items[kind] = newItems }
    problems[kind] = problem
    updateHash()
  }

  /// The result of `catalog/read`.
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("hash", hash)
    for kind in ListKind.allCases {
      writer.key(kind.rawValue)
      writer.beginArray()
      for item in items[kind] ?? [] { writer.splice(item) }
      writer.endArray()
    }
    writer.member("listErrors", strings: listErrors)
    writer.member("incomplete", strings: ListKind.allCases.filter { problems[$0] != nil }.map(\.rawValue))
    writer.endObject()
  }

  private mutating func updateHash() {
    var state = FNV1a.Wide()
    for kind in ListKind.allCases {
      // Kept hashes are older than the optional lists.
      if kind.isOptional, items[kind]?.isEmpty ?? true { continue }
      state.add(kind.rawValue.utf8)
      for item in items[kind] ?? [] {
        state.add(item.bytes)
        state.add([0])
      }
    }
    hash = state.hex
  }
}
