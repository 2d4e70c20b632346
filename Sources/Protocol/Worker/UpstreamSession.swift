/// A live MCP session with an upstream: what the handshake found out.
package struct UpstreamSession: Sendable {
  /// The upstream's process; nil when it is reached over HTTP.
  package let pid: Int32?
  package let revision: ProtocolRevision
  /// The upstream's `capabilities` object, untouched.
  package let capabilities: JSONSlice
  /// The upstream's `serverInfo` object, untouched, when it gave one.
  package let serverInfo: JSONSlice?
  package let instructions: String?
  /// The `_meta` of the answer that opened the session, untouched, when it had one.
  package let meta: JSONSlice?
  /// Hash of the lists, hex.
  package let catalogHash: String
  /// Lists that failed, one sentence each; not empty means `degraded`.
  package let listErrors: [String]

  package init(
    pid: Int32?, revision: ProtocolRevision, capabilities: JSONSlice, serverInfo: JSONSlice?, instructions: String?,
    catalogHash: String, listErrors: [String], meta: JSONSlice? = nil
  ) {
    self.pid = pid
    self.revision = revision
    self.capabilities = capabilities
    self.serverInfo = serverInfo
    self.instructions = instructions
    self.meta = meta
    self.catalogHash = catalogHash
    self.listErrors = listErrors
  }

  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    if let pid { writer.member("pid", Int(pid)) }
    writer.member("protocolVersion", revision.rawValue)
    writer.member("capabilities", capabilities)
    if let serverInfo { writer.member("serverInfo", serverInfo) }
    if let instructions { writer.member("instructions", instructions) }
    if let meta { writer.member("meta", meta) }
    writer.member("catalogHash", catalogHash)
    if !listErrors.isEmpty { writer.member("listErrors", strings: listErrors) }
    writer.endObject()
  }

  /// Reads what `write` wrote; nil when a required member is missing.
  package init?(_ slice: JSONSlice?) {
    guard let slice,
      let revision = slice.member("protocolVersion")?.string.flatMap({ ProtocolRevision(rawValue: $0) }),
      let capabilities = slice.member("capabilities"), let hash = slice.member("catalogHash")?.string
    else { return nil }
    self.init(
      pid: slice.member("pid")?.int.map { Int32(clamping: $0) }, revision: revision, capabilities: capabilities,
      serverInfo: slice.member("serverInfo"), instructions: slice.member("instructions")?.string, catalogHash: hash,
      listErrors: slice.member("listErrors")?.strings ?? [], meta: slice.member("meta"))
  }
}
