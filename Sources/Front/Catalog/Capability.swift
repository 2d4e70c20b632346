import Protocol

/// One upstream tool as clients see it (contract §3.1, §4.2).
struct Capability: Sendable {
  /// The public id.
  let id: String
  let server: String
  /// The upstream's name of the tool, as its own JSON string.
  let toolName: JSONSlice
  /// The upstream's tool object, untouched.
  let tool: JSONSlice

  /// Nil when the tool has no name.
  init?(server: String, tool: JSONSlice, id: (String) -> String) {
    guard let name = tool.member("name"), let text = name.string else { return nil }
    self.id = id(text)
    self.server = server
    toolName = name
    self.tool = tool
  }

  /// The item of `GET /v1/capabilities`.
  func writeItem(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("summary", Summary.of(tool.member("description")?.string))
    writer.member("server", server)
    writer.member("tool", toolName)
    writer.member("tags", strings: [server])
    if let isReadOnly = tool.member("annotations")?.member("readOnlyHint")?.bool {
      writer.member("read_only", isReadOnly)
    }
    writer.endObject()
  }

  /// The body of `GET /v1/capabilities/:id`.
  func writeDetail(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("server", server)
    writer.member("tool", toolName)
    let description = tool.member("description")?.string ?? ""
    writer.member("description", description.isEmpty ? Summary.placeholder : description)
    writer.member("input_schema", tool.member("inputSchema") ?? .emptyObject)
    writer.member("examples", strings: [])
    for (name, upstreamName) in [("title", "title"), ("output_schema", "outputSchema"), ("annotations", "annotations")]
    {
      if let value = tool.member(upstreamName), !value.isNull { writer.member(name, value) }
    }
    writer.endObject()
  }
}
