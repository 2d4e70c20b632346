import Protocol

/// What a request of revision 2026-07-28 says about itself in `params._meta` (mcp-checklist §1.3).
struct ModernEnvelope {
  private let meta: JSONSlice
  private let version: JSONSlice

  /// Nil without the version key: then the message belongs to the other era.
  init?(_ params: JSONSlice?) {
    guard let meta = params?.member("_meta"), let version = meta.member(MetaKey.protocolVersion) else { return nil }
    self.meta = meta
    self.version = version
  }

  var clientInfo: JSONSlice? { meta.member(MetaKey.clientInfo) }

  /// The revision, or why the request is refused. The required keys come first, then the version.
  func revision(_ id: RequestID) -> Result<ProtocolRevision, MCPRefusal> {
    guard let text = version.string else { return .failure(missing(id, MetaKey.protocolVersion, "a string")) }
    guard meta.member(MetaKey.clientCapabilities)?.kind == .object else {
      return .failure(missing(id, MetaKey.clientCapabilities, "an object"))
    }
    guard let revision = ProtocolRevision(rawValue: text), revision.era == .modern else {
      return .failure(unsupported(id, text))
    }
    return .success(revision)
  }

  private func missing(_ id: RequestID, _ key: String, _ kind: String) -> MCPRefusal {
    MCPRefusal(id: id, code: MCPErrorCode.invalidParams, message: "_meta must have \"\(key)\", \(kind)")
  }

  private func unsupported(_ id: RequestID, _ requested: String) -> MCPRefusal {
    MCPRefusal(
      id: id, code: MCPErrorCode.unsupportedVersion, message: "Unsupported protocol version",
      data: Self.supported(requested: requested))
  }

  /// The `data` of an error about a version that we do not speak.
  static func supported(requested: String) -> JSONSlice {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("supported", ProtocolRevision.served)
    writer.member("requested", String(requested.prefix(64)))
    writer.endObject()
    return JSONSlice(assembled: writer)
  }
}

extension ProtocolRevision {
  /// What we serve, newest first: the same list in `server/discover` and in its errors.
  static var served: [String] { allCases.reversed().map(\.rawValue) }
}
