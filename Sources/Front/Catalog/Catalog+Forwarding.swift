import Protocol

/// Resources that no list names and that are asked for all the same (contract §6.1).
extension Catalog {
  /// The server and URI of a public id that no list names: of an alias, if that server has resources, or of a source id
  /// whose URI matches a template of that server. Only servers count that `isVisible`.
  func forwardedResource(
    _ id: String, where isVisible: (_ server: String) -> Bool = { _ in true }
  ) -> (server: String, uri: JSONSlice)? {
    for source in sources(of: id, .resource) {
      let found = owner(of: source) { server, _ in isVisible(server) && hasResources(server) }
      if let found { return found }
    }
    // An alias replaces the source id.
    guard resources.publicID(of: id).isExactly(id) else { return nil }
    return owner(of: id) { server, uri in isVisible(server) && templates.match(uri, of: server) }
  }

  /// The public id of a URI that no list names and that matches a template: of the first such server in the order of the
  /// configuration under whose id it `counts`.
  func templatedID(of uri: String, where counts: (_ id: String, _ server: String) -> Bool = { _, _ in true }) -> String?
  {
    for server in order where isListed(server) {
      let id = resources.publicID(of: "\(server).\(uri)")
      if counts(id, server), templates.match(uri, of: server) { return id }
    }
    return nil
  }

  /// The first server in the order of the configuration that the source id can be of. Ids of servers may contain dots.
  private func owner(
    of source: String, where accepts: (_ server: String, _ uri: Substring) -> Bool
  ) -> (server: String, uri: JSONSlice)? {
    for server in order where isListed(server) && source.utf8.starts(with: "\(server).".utf8) {
      guard let rest = source.utf8.index(source.startIndex, offsetBy: server.utf8.count + 1, limitedBy: source.endIndex)
      else { continue }
      let uri = source[rest...]
      guard accepts(server, uri) else { continue }
      var writer = JSONWriter()
      writer.value(String(uri))
      return (server, JSONSlice(assembled: writer))
    }
    return nil
  }

  /// Whether the server lists the URI, or has a template for it.
  func lists(_ uri: String, of server: String) -> Bool {
    if let entry = resources[resources.publicID(of: "\(server).\(uri)")], entry.server.isExactly(server) { return true }
    return templates.match(uri, of: server) || resources.entries(of: server).contains { $0.upstreamName.isString(uri) }
  }

  /// Whether the server lists any, or templates of them.
  func hasResources(_ server: String) -> Bool {
    templates.has(server) || resources.sorted.contains { $0.server == server }
  }
}
