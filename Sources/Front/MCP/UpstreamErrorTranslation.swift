import Protocol

/// Tells a server's own error to a client of another revision, and by the URIs that the client knows (mcp-checklist §1.7,
/// §6.8, §6.11). Pure.
struct UpstreamErrorTranslation {
  let translation: ResultTranslation
  /// What was used.
  let kind: EntryKind
  /// What the client asked for.
  let name: String
  /// Before the message.
  let prefix: String

  private var isModern: Bool { translation.revision.era == .modern }

  /// The answer to a request, and its code.
  func response(_ id: RequestID, _ error: JSONSlice) -> (code: Int, message: [UInt8]) {
    let code = error.member("code")?.int ?? MCPErrorCode.internalError
    let message = prefix + (error.member("message")?.string ?? "no message")
    let told = self.code(code)
    return (told, JSONRPCWriter.error(id: id, code: told, message: message, data: data(error.member("data"), code)))
  }

  private func code(_ code: Int) -> Int {
    switch code {
    // A resource that is not there has another code since 2026-07-28; of anything else it says nothing there.
    case MCPErrorCode.resourceNotFound where isModern:
      kind == .resource ? MCPErrorCode.invalidParams : MCPErrorCode.internalError
    case MCPErrorCode.elicitationRequired where translation.revision != .november2025: MCPErrorCode.internalError
    // Codes of the hop between us and the upstream say nothing to our client.
    case _ where MCPErrorCode.isModern(code): MCPErrorCode.internalError
    default: code
    }
  }

  private func data(_ data: JSONSlice?, _ code: Int) -> JSONSlice? {
    guard !MCPErrorCode.isModern(code) else { return nil }
    // mcp-checklist RES-1: who is told that a resource is not there is told which.
    let isMissing = isModern && kind == .resource && code == MCPErrorCode.resourceNotFound
    let data = data.flatMap { $0.isNull ? nil : $0 }
    let raw = kind == .resource ? data?.member("uri")?.string : nil
    guard isMissing || raw != nil && translation.server != nil else { return data }
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("uri", raw.map { translation.uri($0) } ?? name)
    for (key, value) in data?.members ?? JSONSlice.emptyObject.members where !key.isString("uri") {
      writer.key(splicing: key)
      writer.spliceOneLine(value)
    }
    writer.endObject()
    return JSONSlice(assembled: writer)
  }
}
