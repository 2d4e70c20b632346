/// Builds the messages that we send to an upstream, each one line of JSON without the line feed.
package struct UpstreamRequest: Sendable {
  /// The revision in force; decides whether `_meta` carries the modern envelope.
  package let revision: ProtocolRevision

  package init(revision: ProtocolRevision) { self.revision = revision }

  /// The modern probe (`server/discover`, 2026-07-28).
  package static func discover(id: Int, version: String) -> [UInt8] {
    UpstreamRequest(revision: .newestModern).request(id: .int(Int64(id)), method: "server/discover", version: version)
  }

  /// The legacy opening. Announces no client capability: server-initiated requests are not relayed yet.
  package static func initialize(id: Int, proposing revision: ProtocolRevision, version: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("jsonrpc", "2.0")
    writer.member("id", id)
    writer.member("method", "initialize")
    writer.key("params")
    writer.beginObject()
    writer.member("protocolVersion", revision.rawValue)
    writer.key("capabilities")
    writer.beginObject()
    writer.endObject()
    Self.writeClientInfo("clientInfo", version, to: &writer)
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }

  /// Tells the upstream that nobody waits for the answer to the request `id` any more.
  package static func cancelled(id: Int, reason: String) -> [UInt8] {
    cancelled(id: .int(Int64(id)), reason: reason)
  }

  package static func cancelled(id: RequestID, reason: String) -> [UInt8] {
    JSONRPCWriter.notification(method: "notifications/cancelled") { writer in
      writer.beginObject()
      writer.member("requestId", id)
      writer.member("reason", reason)
      writer.endObject()
    }
  }

  /// A request of ours with optional parameters beside `_meta`.
  package func request(
    id: RequestID, method: String, version: String, _ parameters: (inout JSONWriter) -> Void = { _ in }
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("jsonrpc", "2.0")
    writer.member("id", id)
    writer.member("method", method)
    writer.key("params")
    writer.beginObject()
    parameters(&writer)
    if revision.era == .modern {
      writer.key("_meta")
      writer.beginObject()
      writeModernEnvelope(version: version, to: &writer)
      writer.endObject()
    }
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }

  /// A client's operation: the members of `parameters` are spliced untouched; `_meta` is replaced by ours plus what of
  /// the caller's is not ours to set.
  ///
  /// `progressToken` asks the upstream for progress; `traceparent` continues the operation's trace (SEP-414); `logLevel`
  /// lets a 2026-07-28 upstream log about this request, and is nothing for an older one.
  package func operation(
    id: Int, method: String, parameters: JSONSlice, traceparent: String?, progressToken: Int?,
    logLevel: MessageLevel? = nil, version: String
  ) -> [UInt8] {
    var writer = JSONWriter(reserving: parameters.range.count + 384)
    writer.beginObject()
    writer.member("jsonrpc", "2.0")
    writer.member("id", id)
    writer.member("method", method)
    writer.key("params")
    writer.beginObject()
    var callerMeta: JSONSlice?
    for (key, value) in parameters.members {
      if key.isString("_meta") {
        callerMeta = value
      } else {
        writer.key(splicing: key)
        writer.spliceOneLine(value)
      }
    }
    writeMeta(callerMeta, traceparent, progressToken, logLevel, version, to: &writer)
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }

  private func writeMeta(
    _ callerMeta: JSONSlice?, _ traceparent: String?, _ progressToken: Int?, _ logLevel: MessageLevel?,
    _ version: String,
    to writer: inout JSONWriter
  ) {
    guard callerMeta != nil || traceparent != nil || progressToken != nil || revision.era == .modern else { return }
    writer.key("_meta")
    writer.beginObject()
    if let callerMeta {
      for (key, value) in callerMeta.members where !Self.isOwnMeta(key) {
        writer.key(splicing: key)
        writer.spliceOneLine(value)
      }
    }
    if let traceparent { writer.member("traceparent", traceparent) }
    if let progressToken { writer.member("progressToken", progressToken) }
    if revision.era == .modern {
      writeModernEnvelope(version: version, to: &writer)
      if let logLevel { writer.member(MetaKey.logLevel, logLevel.rawValue) }
    }
    writer.endObject()
  }

  /// Keys that describe the hop between us and the upstream; a caller's would describe another hop.
  private static func isOwnMeta(_ key: JSONSlice) -> Bool {
    guard let name = key.string else { return true }
    return name == "progressToken" || name == "traceparent" || name.hasPrefix(MetaKey.prefix)
  }

  private func writeModernEnvelope(version: String, to writer: inout JSONWriter) {
    writer.member(MetaKey.protocolVersion, revision.rawValue)
    Self.writeClientInfo(MetaKey.clientInfo, version, to: &writer)
    writer.key(MetaKey.clientCapabilities)
    writer.beginObject()
    writer.endObject()
  }

  private static func writeClientInfo(_ key: String, _ version: String, to writer: inout JSONWriter) {
    writer.key(key)
    writer.beginObject()
    writer.member("name", "warmplane")
    writer.member("version", version)
    writer.endObject()
  }
}
