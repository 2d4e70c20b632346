import Protocol

/// A session that is open: what the handshake found out.
struct Established {
  let revision: ProtocolRevision
  /// The upstream's object, untouched.
  let capabilities: JSONSlice
  let serverInfo: JSONSlice?
  let instructions: String?
  /// The `_meta` of the answer, untouched.
  var meta: JSONSlice?
}

extension Established {
  /// From an answer to `server/discover`; nil when no modern version is shared, or it is none.
  init?(discovered result: JSONSlice) {
    let supported = result.member("supportedVersions")?.strings ?? []
    guard supported.contains(ProtocolRevision.newestModern.rawValue),
      let capabilities = result.member("capabilities"), capabilities.kind == .object
    else { return nil }
    let meta = result.member("_meta")
    self.init(
      revision: .newestModern, capabilities: capabilities,
      serverInfo: meta?.member(MetaKey.serverInfo) ?? result.member("serverInfo"),
      instructions: result.member("instructions")?.string, meta: meta)
  }

  /// From an answer to `initialize`; fails with what the upstream did.
  init(initialized result: JSONSlice) throws(UpstreamEnd) {
    let answered = result.member("protocolVersion")?.string
    guard let answered, let revision = ProtocolRevision(rawValue: answered), revision.era == .legacy else {
      throw UpstreamEnd(
        "answered initialize with protocol version \(answered ?? "none"), which this version does not speak")
    }
    self.init(
      revision: revision, capabilities: result.member("capabilities") ?? .emptyObject,
      serverInfo: result.member("serverInfo"), instructions: result.member("instructions")?.string,
      meta: result.member("_meta"))
  }
}
