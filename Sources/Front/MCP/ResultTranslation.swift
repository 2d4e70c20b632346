import Protocol

/// Tells a server's result or list entry to a client of another revision, and by the URIs that the client knows
/// (mcp-checklist §6.8, §6.9). Pure; what need not change is copied byte for byte.
struct ResultTranslation {
  /// The client's.
  let revision: ProtocolRevision
  /// The server whose URIs are rewritten; nil: they stay.
  let server: String?
  /// Whether clients find a URI of the server's in lists or templates: what they may fetch themselves is wrapped only then
  /// (mcp-checklist RES-2).
  var isListed: (String) -> Bool = { _ in true }

  /// The URI by which the client knows one of the server's.
  func uri(_ uri: String) -> String { server.map { FullName.uri(of: uri, $0) } ?? uri }

  // MARK: List entries

  /// Whether a member of a list's entry means something to the client.
  func keeps(_ member: JSONSlice, _ value: JSONSlice) -> Bool {
    // Tasks of 2025-11-25 are not carried.
    if member.isString("execution") { return false }
    guard member.isString("outputSchema") else { return true }
    return keepsOutput(isObject: value.member("type")?.string == "object")
  }

  /// Structured content and its schema: since 2025-06-18, and any JSON since 2026-07-28.
  private func keepsOutput(isObject: Bool) -> Bool {
    revision >= .june2025 && (isObject || revision.era == .modern)
  }

  /// `_meta` of a list's entry: the URI of a tool's user interface is a resource's.
  func writeItemMeta(_ meta: JSONSlice, to writer: inout JSONWriter) {
    guard server != nil, let ui = meta.member("ui"), let uri = ui.member("resourceUri")?.string else {
      return writer.spliceOneLine(meta)
    }
    writer.beginObject()
    for (key, value) in meta.members {
      writer.key(splicing: key)
      guard key.isString("ui"), value.kind == .object else {
        writer.spliceOneLine(value)
        continue
      }
      write(value, replacing: "resourceUri", by: self.uri(uri), to: &writer)
    }
    writer.endObject()
  }

  // MARK: Results

  /// The members of a result but those of the envelope of either era, which the caller writes. `kind`: what was used.
  func writeMembers(of result: JSONSlice, _ kind: EntryKind?, to writer: inout JSONWriter) {
    guard kind == .capability else { return write(result, kind, adding: nil, to: &writer) }
    let structured = result.member("structuredContent")
    let isKept = structured.map { keepsOutput(isObject: $0.kind == .object) } ?? false
    let hasContent = result.member("content")?.isNull == false
    // Whoever is not told the value, or looks for it in the content, reads it there. Null is "nothing" to whom it is new.
    let text = isKept && hasContent ? nil : structured.flatMap { $0.isNull ? nil : $0 }
    write(result, kind, dropsStructured: !isKept, adding: text, to: &writer)
    guard !hasContent else { return }
    writer.key("content")
    writer.beginArray()
    if let text { writeText(String(decoding: text.compacted(), as: UTF8.self), to: &writer) }
    writer.endArray()
  }

  private func write(
    _ result: JSONSlice, _ kind: EntryKind?, dropsStructured: Bool = false, adding structured: JSONSlice?,
    to writer: inout JSONWriter
  ) {
    for (key, value) in result.members {
      if Self.isOfEnvelope(key) || dropsStructured && key.isString("structuredContent") { continue }
      if kind == .capability, value.isNull, key.isString("content") { continue }
      writer.key(splicing: key)
      switch (kind, value.kind) {
      case (.capability, .array) where key.isString("content"): writeBlocks(value, adding: structured, to: &writer)
      case (.prompt, .array) where key.isString("messages"): writeMessages(value, to: &writer)
      case (.resource, .array) where key.isString("contents"): writeContents(value, to: &writer)
      default: writer.splice(value)
      }
    }
  }

  /// Members that belong to the hop between two peers: they are written anew.
  static func isOfEnvelope(_ key: JSONSlice) -> Bool {
    key.isString("_meta") || key.isString("resultType") || key.isString("ttlMs") || key.isString("cacheScope")
  }

  private func writeBlocks(_ blocks: JSONSlice, adding structured: JSONSlice?, to writer: inout JSONWriter) {
    writer.beginArray()
    for block in blocks.elements { writeBlock(block, to: &writer) }
    if let structured, !blocks.elements.contains(where: { StructuredText.isToldBy($0, structured) }) {
      writeText(String(decoding: structured.compacted(), as: UTF8.self), to: &writer)
    }
    writer.endArray()
  }

  private func writeMessages(_ messages: JSONSlice, to writer: inout JSONWriter) {
    writer.beginArray()
    for message in messages.elements {
      writer.beginObject()
      for (key, value) in message.members {
        writer.key(splicing: key)
        if key.isString("content"), value.kind == .object {
          writeBlock(value, to: &writer)
        } else {
          writer.splice(value)
        }
      }
      writer.endObject()
    }
    writer.endArray()
  }

  private func writeContents(_ contents: JSONSlice, to writer: inout JSONWriter) {
    guard server != nil else { return writer.splice(contents) }
    writer.beginArray()
    for content in contents.elements { writeResource(content, to: &writer) }
    writer.endArray()
  }

  private func writeBlock(_ block: JSONSlice, to writer: inout JSONWriter) {
    switch block.member("type")?.string {
    case "text", "image": writer.splice(block)
    case "audio" where revision >= .march2025: writer.splice(block)
    case "audio": writeText("[audio, \(block.member("mimeType")?.string ?? "of an unknown type")]", to: &writer)
    case "resource_link" where revision >= .june2025:
      if block.member("uri")?.string.map(isOfTheWeb) == true {
        writer.splice(block)
      } else {
        writeResource(block, to: &writer)
      }
    case "resource_link":
      let own = block.member("uri")?.string ?? ""
      let target = isOfTheWeb(own) ? own : uri(own)
      writeText(
        "\(block.member("title")?.string ?? block.member("name")?.string ?? "Resource"): \(target)", to: &writer)
    case "resource":
      guard server != nil, let resource = block.member("resource"), resource.kind == .object else {
        return writer.splice(block)
      }
      writer.beginObject()
      for (key, value) in block.members {
        writer.key(splicing: key)
        if key.isString("resource") { writeResource(value, to: &writer) } else { writer.splice(value) }
      }
      writer.endObject()
    case let type:
      // A newer client may know what we do not.
      if revision.era == .modern { return writer.splice(block) }
      writeText("[content of the type \(type ?? "unknown")]", to: &writer)
    }
  }

  /// Whether the client can do without the server.
  private func isOfTheWeb(_ uri: String) -> Bool {
    let scheme = uri.prefix { $0 != ":" }.lowercased()
    return (scheme == "https" || scheme == "http") && !isListed(uri)
  }

  /// An object that names a resource by its member `uri`.
  private func writeResource(_ object: JSONSlice, to writer: inout JSONWriter) {
    guard server != nil, let text = object.member("uri")?.string else { return writer.splice(object) }
    write(object, replacing: "uri", by: uri(text), to: &writer)
  }

  private func write(_ object: JSONSlice, replacing name: String, by text: String, to writer: inout JSONWriter) {
    writer.beginObject()
    for (key, value) in object.members {
      writer.key(splicing: key)
      if key.isString(name) { writer.value(text) } else { writer.spliceOneLine(value) }
    }
    writer.endObject()
  }

  private func writeText(_ text: String, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("type", "text")
    writer.member("text", text)
    writer.endObject()
  }
}
