import Protocol

/// `mcp` and `mcpHttpServer`.
extension ConfigurationParser {
  static let mcpKeys = ["http", "maxSessions", "sessionIdleSeconds", "sse", "sseKeepAliveMs"]
  static let mcpHTTPServerKeys = [
    "allowedHosts", "allowedOrigins", "bind", "jsonResponse", "port", "profile", "sseKeepAliveMs",
  ]

  mutating func mcp(_ parent: ConfigurationObject) -> MCPSettings {
    var settings = MCPSettings()
    guard let node = parent["mcp"], let object = object(node) else { return settings }
    reportUnknownKeys(of: object, known: Self.mcpKeys)
    settings.http = bool(object, "http")
    settings.sse = bool(object, "sse") ?? settings.sse
    settings.sessionIdleSeconds =
      duration(object, "sessionIdleSeconds", atLeast: 1) ?? settings.sessionIdleSeconds
    settings.maxSessions = integer(object, "maxSessions", in: 1...100_000) ?? settings.maxSessions
    settings.sseKeepAliveMs = duration(object, "sseKeepAliveMs") ?? settings.sseKeepAliveMs
    return settings
  }

  /// nil without the key: then there is no port of its own.
  mutating func mcpHTTPServer(
    _ parent: ConfigurationObject, _ profiles: [ProfileSettings]
  ) -> MCPServerSettings? {
    guard let node = parent["mcpHttpServer"], let object = object(node) else { return nil }
    reportUnknownKeys(of: object, known: Self.mcpHTTPServerKeys)
    var settings = MCPServerSettings()
    settings.port = integer(object, "port", in: 0...65_535) ?? settings.port
    settings.allowedHosts = strings(object, "allowedHosts") ?? []
    settings.allowedOrigins = strings(object, "allowedOrigins") ?? []
    settings.bind = bind(object, allowedHosts: settings.allowedHosts) ?? settings.bind
    settings.sseKeepAliveMs = duration(object, "sseKeepAliveMs") ?? settings.sseKeepAliveMs
    settings.jsonResponse = bool(object, "jsonResponse") ?? settings.jsonResponse
    settings.profile = filled(object, "profile")
    if let name = settings.profile, let node = object["profile"], !profiles.contains(where: { $0.name == name }) {
      let hint = KeySuggestion.nearest(to: name, among: profiles.map(\.name)).map { "; did you mean \"\($0)\"?" } ?? ""
      problems.add(
        .warning, "there is no profile \(name.quoted): every request is answered with 404\(hint)", at: node)
    }
    return settings
  }

  /// What is right by itself and cannot be together.
  mutating func warnAboutMCPPlaces(_ root: ConfigurationObject, _ configuration: Configuration) {
    if let server = configuration.mcpHTTPServer, server.collides(with: configuration),
      let node = root["mcpHttpServer"], let object = object(node)
    {
      problems.add(
        .warning, "port \(server.port) is that of /v1, too, and one program alone can listen on it",
        at: object["port"] ?? node)
    }
    if configuration.mcp.sse, configuration.mcpHTTPServer == nil, !configuration.mcp.isServed(at: configuration.bind),
      let object = root["mcp"].flatMap({ object($0) }), let node = object["sse"]
    {
      problems.add(
        .warning, "sse has no effect while MCP is not served over HTTP: set mcp.http to true, or add mcpHttpServer",
        at: node)
    }
  }
}

extension IPAddress {
  /// What is to be said about listening there; `name` is what gave the address.
  func exposure(as name: String, allowedHosts: [String]) -> [String] {
    if isLoopback { return [] }
    let open = "\(name) is not a loopback address, and requests are not authenticated"
    guard allowedHosts.isEmpty else { return [open] }
    return [
      open,
      "\(name) is not a loopback address, and allowedHosts is empty: only requests that name a loopback host are answered",
    ]
  }
}
