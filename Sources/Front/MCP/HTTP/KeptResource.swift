import Protocol

/// A subscribed resource as it is kept for the next daemon.
enum KeptResource {
  static func name(of resource: WatchedResource) -> String { "\(resource.server) \(resource.uri)" }

  /// `uri` is the client's.
  static func json(_ resource: WatchedResource, _ uri: String) -> [UInt8] {
    var writer = JSONWriter(reserving: resource.uri.utf8.count + uri.utf8.count + 128)
    writer.beginObject()
    writer.member("server", resource.server)
    writer.member("upstream", resource.uri)
    writer.member("uri", uri)
    writer.endObject()
    return writer.finish()
  }

  /// Reads what `json` wrote; nil when it is something else.
  static func read(_ content: [UInt8]) -> (WatchedResource, String)? {
    guard let slice = try? JSONSlice(validating: content), let server = slice.member("server")?.string,
      let upstream = slice.member("upstream")?.string, let uri = slice.member("uri")?.string
    else { return nil }
    return (WatchedResource(server: server, uri: upstream), uri)
  }
}
