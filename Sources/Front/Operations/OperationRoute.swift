import Protocol

/// Where an operation goes whose client names the server itself, whatever the catalog knows.
struct OperationRoute {
  let server: String
  /// What it is called there: a JSON string.
  let upstreamName: JSONSlice

  init(server: String, upstreamName: String) {
    var writer = JSONWriter()
    writer.value(upstreamName)
    self.init(server: server, upstreamName: JSONSlice(assembled: writer))
  }

  init(server: String, upstreamName: JSONSlice) {
    self.server = server
    self.upstreamName = upstreamName
  }
}
