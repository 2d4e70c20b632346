import Protocol

/// Writes results in the form of the revision that the request was made at.
enum MCPResult {
  /// How long a modern client may keep a result, in milliseconds (mcp-checklist §5.12).
  enum Freshness: Int {
    /// What never changes while a daemon lives.
    case constant = 60_000
    /// Lists, which change when servers come and go.
    case list = 1_000
    case none = 0
  }

  /// What we are, at our handshakes.
  static let instructions =
    "A deterministic facade over the tools, resources and prompts of many MCP servers: list capabilities, "
    + "describe one when its arguments are not known, and call it by its id."

  /// A response. `freshness` is for the results that revision 2026-07-28 lets clients cache.
  static func response(
    _ id: RequestID, at revision: ProtocolRevision, freshness: Freshness? = nil, reserving: Int = 256,
    _ members: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    JSONRPCWriter.result(id: id, reserving: reserving + 256) { writer in
      writer.beginObject()
      let isModern = revision.era == .modern
      if isModern { writer.member("resultType", "complete") }
      members(&writer)
      if isModern {
        if let freshness { writeFreshness(freshness.rawValue, to: &writer) }
        writeMeta(of: nil, to: &writer)
      }
      writer.endObject()
    }
  }

  static func initialize(_ id: RequestID, at revision: ProtocolRevision) -> [UInt8] {
    response(id, at: revision) { writer in
      writer.member("protocolVersion", revision.rawValue)
      writeCapabilities(to: &writer)
      writer.key("serverInfo")
      writeServerInfo(to: &writer)
      writer.member("instructions", instructions)
    }
  }

  static func discover(_ id: RequestID, at revision: ProtocolRevision) -> [UInt8] {
    response(id, at: revision, freshness: .constant) { writer in
      writer.member("supportedVersions", ProtocolRevision.served)
      writeCapabilities(to: &writer)
      writer.member("instructions", instructions)
    }
  }

  /// The result of a facade tool: `body` is what `/v1` would answer (contract §5.3).
  static func tool(_ id: RequestID, at revision: ProtocolRevision, body: [UInt8], isError: Bool) -> [UInt8] {
    response(id, at: revision, reserving: 2 * body.count + body.count / 4) { writer in
      writer.key("content")
      writer.beginArray()
      writer.beginObject()
      writer.member("type", "text")
      writer.member("text", String(decoding: body, as: UTF8.self))
      writer.endObject()
      writer.endArray()
      if revision >= .june2025 {
        writer.key("structuredContent")
        writer.splice(text: body)
      }
      writer.member("isError", isError)
    }
  }

  /// An upstream's own result, untouched for a legacy client. A modern client needs members that a legacy upstream does
  /// not send, and must not take the upstream's identity for ours.
  static func upstream(
    _ id: RequestID, at revision: ProtocolRevision, _ result: JSONSlice, isCacheable: Bool
  ) -> [UInt8] {
    guard revision.era == .modern else { return JSONRPCWriter.result(id: id, result) }
    return JSONRPCWriter.result(id: id, reserving: result.range.count + 320) { writer in
      writer.beginObject()
      if result.member("resultType")?.string == nil { writer.member("resultType", "complete") }
      for (key, value) in result.members where !isOurs(key, value) {
        writer.key(splicing: key)
        writer.splice(value)
      }
      if isCacheable { writeFreshness(max(0, result.member("ttlMs")?.int ?? 0), to: &writer) }
      writeMeta(of: result.member("_meta"), to: &writer)
      writer.endObject()
    }
  }

  private static func isOurs(_ key: JSONSlice, _ value: JSONSlice) -> Bool {
    key.isString("_meta") || key.isString("ttlMs") || key.isString("cacheScope")
      || (key.isString("resultType") && value.kind != .string)
  }

  // MARK: Parts

  private static func writeCapabilities(to writer: inout JSONWriter) {
    writer.key("capabilities")
    writer.beginObject()
    writer.key("tools")
    writer.writeEmptyObject()
    for name in ["resources", "prompts"] {
      writer.key(name)
      writer.beginObject()
      writer.member("listChanged", true)
      writer.endObject()
    }
    writer.endObject()
  }

  private static func writeServerInfo(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", "warmplane")
    writer.member("version", WarmplaneVersion.current)
    writer.endObject()
  }

  private static func writeFreshness(_ milliseconds: Int, to writer: inout JSONWriter) {
    writer.member("ttlMs", milliseconds)
    writer.member("cacheScope", "private")
  }

  /// The upstream's `_meta`, if any, with us as the server.
  private static func writeMeta(of upstream: JSONSlice?, to writer: inout JSONWriter) {
    writer.key("_meta")
    writer.beginObject()
    if let upstream {
      for (key, value) in upstream.members where !key.isString(ModernEnvelope.serverInfo) {
        writer.key(splicing: key)
        writer.splice(value)
      }
    }
    writer.key(ModernEnvelope.serverInfo)
    writeServerInfo(to: &writer)
    writer.endObject()
  }
}
