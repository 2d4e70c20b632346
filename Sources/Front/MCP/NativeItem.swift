import Protocol

/// An entry of `resources/list` or `prompts/list`: the upstream's own object, under the name that we list it by.
enum NativeItem {
  static func write(_ entry: any CatalogEntry, as name: String, to writer: inout JSONWriter) {
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
      } else if !value.isNull {  // written by some for "none"; no schema allows it
        writer.key(splicing: member)
        writer.spliceOneLine(value)
      }
    }
    if !isNamed { writer.member("name", entry.upstreamName) }
    writer.endObject()
  }
}
