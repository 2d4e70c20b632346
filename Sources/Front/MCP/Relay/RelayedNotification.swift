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

  /// `subscription`: the `subscriptions/listen` that it is told on; nil for a legacy client.
  static func updated(_ uri: String, on subscription: RequestID?) -> [UInt8] {
    JSONRPCWriter.notification(method: "notifications/resources/updated", reserving: uri.utf8.count + 192) { writer in
      writer.beginObject()
      writer.member("uri", uri)
      if let subscription {
        writer.key("_meta")
        writer.beginObject()
        writer.member(MetaKey.subscriptionID, subscription)
        writer.endObject()
      }
      writer.endObject()
    }
  }

  /// The upstream's members but those that are ours. Its `_meta` is about the hop between it and us.
  private static func write(
    _ method: String, _ params: JSONSlice, _ own: @escaping (inout JSONWriter) -> Void,
    keeps: @escaping (JSONSlice) -> Bool
  ) -> [UInt8] {
    JSONRPCWriter.notification(method: method, reserving: params.range.count + 192) { writer in
      writer.beginObject()
      own(&writer)
      for (key, value) in params.members where keeps(key) {
        if key.isString("_meta") { continue }
        writer.key(splicing: key)
        writer.spliceOneLine(value)
      }
      writer.endObject()
    }
  }
}
