import Protocol

/// An entry of `tools/list`, `resources/list` or `prompts/list`: the upstream's own object, under the name that we list it
/// by, with what the client's revision knows (mcp-checklist §6.9).
struct ExposedItem {
  let translation: ResultTranslation
  /// Whether members that are not what MCP's schema says are mended or left out; else they are the server's affair.
  let mends: Bool

  private var isStrict: Bool { translation.revision.era == .legacy }

  func write(_ entry: any CatalogEntry, as name: String, to writer: inout JSONWriter) {
    let kind = type(of: entry).kind
    let shapes = mends ? EntryShape.members(kind, isStrict: isStrict) : [:]
    writer.beginObject()
    var isNamed = false
    var hasSchema = false
    for (member, value) in entry.item.members {
      if member.isString(type(of: entry).nameMember) {
        if !isNamed { writer.member(type(of: entry).nameMember, name) }
        isNamed = true
        continue
      }
      // Resources must have a name beside; some servers forget it.
      if kind == .resource, member.isString("name"), value.kind != .string { continue }
      let isSchema = kind == .capability && member.isString("inputSchema")
      // Null is written by some for "none"; no schema allows it.
      if value.isNull, !(isSchema && mends) { continue }
      guard translation.keeps(member, value) else { continue }
      if isSchema { hasSchema = true }
      write(member, value, shapes, to: &writer)
    }
    if kind == .resource, entry.item.member("name")?.kind != .string { writer.member("name", entry.upstreamName) }
    if kind == .capability, mends, !hasSchema {
      writer.key("inputSchema")
      writer.splice(text: #"{"type":"object"}"#)
    }
    writer.endObject()
  }

  /// An entry of `resources/templates/list`. Its URIs are the server's own in every exposure: an expansion could not be
  /// encoded a second time.
  func writeTemplate(_ item: JSONSlice, to writer: inout JSONWriter) {
    let isNamed = item.member("name")?.kind == .string
    writer.beginObject()
    for (member, value) in item.members where !value.isNull && translation.keeps(member, value) {
      if !isNamed, member.isString("name") { continue }
      write(member, value, mends ? EntryShape.template : [:], to: &writer)
    }
    if !isNamed, let template = item.member("uriTemplate") { writer.member("name", template) }
    writer.endObject()
  }

  private func write(
    _ member: JSONSlice, _ value: JSONSlice, _ shapes: [String: EntryShape], to writer: inout JSONWriter
  ) {
    let shape = member.string.flatMap { shapes[$0] }
    if let shape, !shape.isOfUse(value) { return }
    writer.key(splicing: member)
    if member.isString("_meta") {
      translation.writeItemMeta(value, to: &writer)
    } else if let shape {
      shape.write(value, to: &writer)
    } else {
      writer.spliceOneLine(value)
    }
  }
}
