/// What a command line says of MCP's port of its own. What it leaves open the configuration says, now and after a reload.
package struct MCPPortRequest: Sendable, Equatable {
  /// There is such a port even if the configuration has none.
  package var isGiven = false
  package var address: String?
  package var port: Int?
  package var profile: String?

  package init() {}

  /// What the port is to be; nil: there is to be none.
  package func settings(in configuration: Configuration) -> MCPServerSettings? {
    guard isGiven || configuration.mcpHTTPServer != nil else { return nil }
    var settings = configuration.mcpHTTPServer ?? MCPServerSettings()
    settings.bind = address ?? settings.bind
    settings.port = port ?? settings.port
    settings.profile = profile ?? settings.profile
    return settings
  }

  /// What makes the request impossible with this configuration. The configuration's own words are checked with it.
  package func objections(in configuration: Configuration) -> [String] {
    var found: [String] = []
    let names = configuration.profiles.map(\.name)
    if let profile, !names.contains(profile) {
      let hint = KeySuggestion.nearest(to: profile, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
      found.append("--profile: the config file has no profile \(profile.quoted)\(hint)")
    }
    if port != nil || address != nil, let settings = settings(in: configuration), settings.collides(with: configuration)
    {
      found.append("--port: port \(settings.port) is that of /v1, too, and one program alone can listen on it")
    }
    return found
  }

  /// What is possible and should be known.
  package func warnings(in configuration: Configuration) -> [String] {
    guard let address, let parsed = IPAddress(address) else { return [] }
    let allowedHosts = configuration.mcpHTTPServer?.allowedHosts ?? []
    return parsed.exposure(as: "--bind \(address)", allowedHosts: allowedHosts)
  }
}
