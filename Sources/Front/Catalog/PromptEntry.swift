import Protocol

/// One upstream prompt as clients see it (contract §3.1).
struct PromptEntry: CatalogEntry {
  static let kind = EntryKind.prompt

  let origin: EntryOrigin

  init(_ origin: EntryOrigin) { self.origin = origin }

  func writeItem(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("server", server)
    writer.member("name", upstreamName)
    writer.member("title", text: item.member("title"))
    writer.member("description", text: item.member("description"))
    if let arguments = item.member("arguments"), arguments.kind == .array {
      writer.member("arguments", arguments)
    } else {
      writer.member("arguments", strings: [])
    }
    writer.member("tags", strings: [server])
    writer.endObject()
  }
}

extension JSONWriter {
  /// A member with an upstream's text, untouched; null when it has none.
  mutating func member(_ name: String, text: JSONSlice?) {
    if let text, text.kind == .string { member(name, text) } else { memberNull(name) }
  }
}
