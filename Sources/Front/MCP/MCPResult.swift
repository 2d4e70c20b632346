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

  /// A response. `meta` is the server's, if it is about one. `freshness` is for the results that revision 2026-07-28 lets clients cache.
  static func response(
    _ id: RequestID, at revision: ProtocolRevision, freshness: Freshness? = nil, identity: JSONSlice? = nil,
    meta: JSONSlice? = nil, reserving: Int = 256, _ members: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    JSONRPCWriter.result(id: id, reserving: reserving + 256) { writer in
      writer.beginObject()
      let isModern = revision.era == .modern
      if isModern { writer.member("resultType", "complete") }
      members(&writer)
      if isModern {
        if let freshness { writeFreshness(freshness.rawValue, to: &writer) }
        writeMeta(of: meta, identity, to: &writer)
      } else if let meta {
        writeLegacyMeta(meta, to: &writer)
      }
      writer.endObject()
    }
  }

  static func initialize(_ id: RequestID, at revision: ProtocolRevision, _ face: MCPFace) -> [UInt8] {
    response(id, at: revision, meta: face.meta) { writer in
      writer.member("protocolVersion", revision.rawValue)
      writer.member("capabilities", face.capabilities)
      writer.key("serverInfo")
      if let identity = face.identity { writer.splice(identity) } else { writeServerInfo(to: &writer) }
      if let instructions = face.instructions { writer.member("instructions", instructions) }
    }
  }

  static func discover(_ id: RequestID, at revision: ProtocolRevision, _ face: MCPFace) -> [UInt8] {
    response(id, at: revision, freshness: face.freshness, identity: face.identity, meta: face.meta) { writer in
      writer.member("supportedVersions", ProtocolRevision.served)
      writer.member("capabilities", face.capabilities)
      if let instructions = face.instructions { writer.member("instructions", instructions) }
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

  /// An upstream's own result, with what its client's revision needs and without what that does not know. `kind`: what was
  /// used; nil: it is a completion. `identity`: the server's `serverInfo`; nil: ours.
  static func relayed(
    _ id: RequestID, _ result: JSONSlice, _ kind: EntryKind?, _ translation: ResultTranslation,
    identity: JSONSlice? = nil
  ) -> [UInt8] {
    let isModern = translation.revision.era == .modern
    return JSONRPCWriter.result(id: id, reserving: result.range.count + 320) { writer in
      writer.beginObject()
      if isModern { writer.member("resultType", "complete") }
      translation.writeMembers(of: result, kind, to: &writer)
      if isModern, kind == .resource { writeFreshness(max(0, result.member("ttlMs")?.int ?? 0), to: &writer) }
      let meta = result.member("_meta").flatMap { $0.kind == .object ? $0 : nil }
      if isModern {
        writeMeta(of: meta, identity, to: &writer)
      } else if let meta {
        writeLegacyMeta(meta, to: &writer)
      }
      writer.endObject()
    }
  }

  /// A tool that could not be carried out.
  static func failedTool(_ id: RequestID, at revision: ProtocolRevision, _ text: String) -> [UInt8] {
    response(id, at: revision) { writer in
      writer.key("content")
      writer.beginArray()
      writer.beginObject()
      writer.member("type", "text")
      writer.member("text", text)
      writer.endObject()
      writer.endArray()
      writer.member("isError", true)
    }
  }

  // MARK: Parts

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

  /// Without the keys that only the newer era has.
  private static func writeLegacyMeta(_ meta: JSONSlice, to writer: inout JSONWriter) {
    let kept = HopMeta.members(of: meta)
    if kept.isEmpty { return }
    writer.key("_meta")
    writer.beginObject()
    for (key, value) in kept {
      writer.key(splicing: key)
      writer.splice(value)
    }
    writer.endObject()
  }

  /// The upstream's `_meta`, if any, with `identity` as the server, or us.
  private static func writeMeta(of upstream: JSONSlice?, _ identity: JSONSlice?, to writer: inout JSONWriter) {
    writer.key("_meta")
    writer.beginObject()
    if let upstream {
      for (key, value) in upstream.members where !key.isString(MetaKey.serverInfo) {
        writer.key(splicing: key)
        writer.splice(value)
      }
    }
    writer.key(MetaKey.serverInfo)
    if let identity { writer.splice(identity) } else { writeServerInfo(to: &writer) }
    writer.endObject()
  }
}
