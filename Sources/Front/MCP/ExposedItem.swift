import Protocol

/// An entry of `tools/list`, `resources/list` or `prompts/list`: the upstream's own object, under the name that we list it
/// by, with what the client's revision knows (mcp-checklist §6.9).
enum ExposedItem {
  static func write(
    _ entry: any CatalogEntry, as name: String, _ translation: ResultTranslation, to writer: inout JSONWriter
  ) {
    let isResource = entry is ResourceEntry
    let key = isResource ? "uri" : "name"
    // Resources must have a name; some servers forget it.
    let isNamed = !isResource || entry.item.member("name")?.kind == .string
    writer.beginObject()
    for (member, value) in entry.item.members {
      if member.isString(key) {
        writer.member(key, name)
      } else if isResource, !isNamed, member.isString("name") {
        continue
      } else if value.isNull || !translation.keeps(member, value) {
        continue  // null is written by some for "none"; no schema allows it
      } else if member.isString("_meta") {
        writer.key(splicing: member)
        translation.writeItemMeta(value, to: &writer)
      } else {
        writer.key(splicing: member)
        writer.spliceOneLine(value)
      }
    }
    if !isNamed { writer.member("name", entry.upstreamName) }
    writer.endObject()
  }

  /// An entry of `resources/templates/list`. Its URIs are the server's own in every exposure: an expansion could not be
  /// encoded a second time.
  static func writeTemplate(_ item: JSONSlice, _ translation: ResultTranslation, to writer: inout JSONWriter) {
    writer.beginObject()
    for (member, value) in item.members where !value.isNull && translation.keeps(member, value) {
      writer.key(splicing: member)
      writer.spliceOneLine(value)
    }
    if item.member("name")?.kind != .string, let template = item.member("uriTemplate") {
      writer.member("name", template)
    }
    writer.endObject()
  }
}
