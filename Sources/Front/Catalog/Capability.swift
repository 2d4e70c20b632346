import Protocol

/// One upstream tool as clients see it (contract §3.1, §4.2).
struct Capability: CatalogEntry {
  static let kind = EntryKind.capability

  let origin: EntryOrigin

  init(_ origin: EntryOrigin) { self.origin = origin }

  func writeItem(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("summary", Summary.of(item.member("description")?.string))
    writer.member("server", server)
    writer.member("tool", upstreamName)
    writer.member("tags", strings: [server])
    if let isReadOnly = item.member("annotations")?.member("readOnlyHint")?.bool {
      writer.member("read_only", isReadOnly)
    }
    writer.endObject()
  }

  /// The body of `GET /v1/capabilities/:id`.
  func writeDetail(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("server", server)
    writer.member("tool", upstreamName)
    let description = item.member("description")?.string ?? ""
    writer.member("description", description.isEmpty ? Summary.placeholder : description)
    writer.member("input_schema", item.member("inputSchema") ?? .emptyObject)
    writer.member("examples", strings: [])
    for (name, upstreamName) in [("title", "title"), ("output_schema", "outputSchema"), ("annotations", "annotations")]
    {
      if let value = item.member(upstreamName), !value.isNull { writer.member(name, value) }
    }
    writer.endObject()
  }
}
