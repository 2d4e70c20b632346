import Protocol

/// Writes what upstreams tell in the words of one client (mcp-checklist MAP-10, MAP-16, MAP-36, MAP-80). Pure.
enum RelayedNotification {
  /// `params` are the upstream's, whose token means nothing to the client.
  static func progress(_ params: JSONSlice, token: JSONSlice, at revision: ProtocolRevision) -> [UInt8] {
    write("notifications/progress", params) { writer in
      writer.member("progressToken", token)
    } keeps: { key in
      !key.isString("progressToken") && (revision >= .march2025 || !key.isString("message"))
    }
  }

  /// `logger` begins with the server's id; `server` nil: it is left as it is.
  static func message(_ params: JSONSlice, of server: String?) -> [UInt8] {
    write("notifications/message", params) { writer in
      guard let server else { return }
      let logger = params.member("logger")?.string
      writer.member("logger", logger.map { "\(server).\($0)" } ?? server)
    } keeps: {
      server == nil || !$0.isString("logger")
    }
  }

  /// `uri`: how the client knows what has changed. `subscription`: the `subscriptions/listen` that it is told on; nil for a
  /// legacy client.
  static func updated(_ params: JSONSlice, _ uri: String, on subscription: RequestID?) -> [UInt8] {
    write("notifications/resources/updated", params, on: subscription) { writer in
      writer.member("uri", uri)
    } keeps: {
      !$0.isString("uri")
    }
  }

  /// The upstream's members but those that are ours; of its `_meta` what is not about the hop between it and us.
  private static func write(
    _ method: String, _ params: JSONSlice, on subscription: RequestID? = nil,
    _ own: @escaping (inout JSONWriter) -> Void, keeps: @escaping (JSONSlice) -> Bool
  ) -> [UInt8] {
    JSONRPCWriter.notification(method: method, reserving: params.range.count + 192) { writer in
      writer.beginObject()
      own(&writer)
      for (key, value) in params.members where keeps(key) {
        if key.isString("_meta") { continue }
        writer.key(splicing: key)
        writer.spliceOneLine(value)
      }
      let meta = HopMeta.members(of: params.member("_meta"))
      if !meta.isEmpty || subscription != nil {
        writer.key("_meta")
        writer.beginObject()
        for (key, value) in meta {
          writer.key(splicing: key)
          writer.spliceOneLine(value)
        }
        if let subscription { writer.member(MetaKey.subscriptionID, subscription) }
        writer.endObject()
      }
      writer.endObject()
    }
  }
}

/// `_meta` on its way from one peer to the other.
enum HopMeta {
  /// What of it goes on: keys of MCP itself are about one hop.
  static func members(of meta: JSONSlice?) -> [JSONMembers.Element] {
    (meta?.members).map { $0.filter { key, _ in key.string?.hasPrefix(MetaKey.prefix) != true } } ?? []
  }
}
