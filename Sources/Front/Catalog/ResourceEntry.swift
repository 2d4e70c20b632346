import Protocol

/// One upstream resource as clients see it (contract §3.1, §4.2).
struct ResourceEntry: CatalogEntry {
  static let kind = EntryKind.resource

  let id: String
  let server: String
  let upstreamName: JSONSlice
  let item: JSONSlice

  init?(server: String, item: JSONSlice, id: (String) -> String) {
    guard let uri = item.member("uri"), let text = uri.string else { return nil }
    self.id = id(text)
    self.server = server
    upstreamName = uri
    self.item = item
  }

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
