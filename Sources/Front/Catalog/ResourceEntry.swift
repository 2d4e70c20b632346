import Protocol

/// One upstream resource as clients see it (contract §3.1, §4.2).
struct ResourceEntry: CatalogEntry {
  static let kind = EntryKind.resource
  static let nameMember = "uri"

  let origin: EntryOrigin

  init(_ origin: EntryOrigin) { self.origin = origin }

  func writeItem(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("server", server)
    writer.member("uri", upstreamName)
    writer.member("name", item.member("name").flatMap { $0.kind == .string ? $0 : nil } ?? upstreamName)
    writer.member("description", text: item.member("description"))
    writer.member("mime_type", text: item.member("mimeType"))
    writer.member("tags", strings: [server])
    writer.endObject()
  }
}
