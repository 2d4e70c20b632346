package import Protocol

/// The lists of one server, its own JSON untouched and in its order.
package struct ServerCatalog: Sendable {
  package let hash: String
  package let tools: [JSONSlice]
  package let resources: [JSONSlice]
  /// Empty in what was kept before templates were read.
  package let resourceTemplates: [JSONSlice]
  package let prompts: [JSONSlice]
  /// Lists that are incomplete, one sentence each.
  package let problems: [String]
  /// Lists that failed or broke off, as names of `ListKind`; those without a sentence too.
  private let incomplete: [String]

  /// The whole text that the lists are parts of.
  package let raw: JSONSlice

  /// Reads the result of `catalog/read`.
  package init(_ result: JSONSlice) {
    raw = result
    hash = result.member("hash")?.string ?? ""
    tools = result.member("tools").map { Array($0.elements) } ?? []
    resources = result.member("resources").map { Array($0.elements) } ?? []
    resourceTemplates = result.member("resourceTemplates").map { Array($0.elements) } ?? []
    prompts = result.member("prompts").map { Array($0.elements) } ?? []
    problems = result.member("listErrors")?.strings ?? []
    incomplete = result.member("incomplete")?.strings ?? []
  }

  private func items(_ kind: ListKind) -> [JSONSlice] {
    switch kind {
    case .tools: tools
    case .resources: resources
    case .resourceTemplates: resourceTemplates
    case .prompts: prompts
    }
  }

  /// These lists, but those of `old` where one broke off before it had as much: stale is better than gone. A worker does
  /// the same within a session; this is for the sessions before.
  package func keeping(_ old: ServerCatalog) -> ServerCatalog {
    let kept = ListKind.allCases.filter { incomplete.contains($0.rawValue) && items($0).count < old.items($0).count }
    guard !kept.isEmpty else { return self }
    var writer = JSONWriter(reserving: raw.range.count + old.raw.range.count)
    writer.beginObject()
    for kind in ListKind.allCases {
      writer.key(kind.rawValue)
      writer.beginArray()
      for item in kept.contains(kind) ? old.items(kind) : items(kind) { writer.splice(item) }
      writer.endArray()
    }
    writer.member("listErrors", strings: problems)
    writer.member("incomplete", strings: incomplete)
    // Neither the worker's hash nor the old one is of these lists.
    writer.member("hash", FNV1a.hex128(writer.bytes))
    writer.endObject()
    return ServerCatalog(JSONSlice(assembled: writer))
  }
}
