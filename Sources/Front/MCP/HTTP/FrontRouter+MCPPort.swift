import Configuration
import Glibc
import Platform
import Protocol
import Telemetry

/// Where MCP is served over HTTP: at `/mcp` of the port of `/v1`, and on a port of its own.
extension FrontRouter {
  /// Opens MCP on a port of its own. Nil leaves a value to the configuration. Throws when the port cannot be had.
  package func serveMCP(
    address: String? = nil, port: Int? = nil, profile: String? = nil
  ) throws(HTTPServerError) {
    mcpHTTP.askedProfile = profile
    let settings = settings.configuration.mcpHTTPServer ?? MCPServerSettings()
    makeHTTPFront()
    let server = try HTTPServer(
      loop: loop, address: address ?? settings.bind, port: port ?? settings.port, limits: httpLimits
    ) { self.mcpHTTP.front?.receive($0) }
    mcpHTTP.server = server
    log.info(
      "MCP over HTTP listening", [LogField("address", address ?? settings.bind), LogField("port", server.port)])
  }

  /// The port of its own could not be opened, and the daemon goes on without it.
  package func goOnWithoutMCPPort(_ reason: String) {
    log.warn("MCP over HTTP could not open", [LogField("detail", reason)])
  }

  /// The port of `serveMCP`; nil without one.
  package var mcpPort: Int? { mcpHTTP.server?.port }

  /// How requests to MCP's endpoints go under the current configuration.
  func makeMCPFronts() {
    let configuration = settings.configuration
    mcpHTTP.sessions.limits.sessions = configuration.mcp.maxSessions
    mcpHTTP.sessions.limits.idle = .seconds(configuration.mcp.sessionIdleSeconds)
    mcpHTTP.shared.apply(configuration, bind: httpAddress)
    mcpHTTP.own.apply(configuration, bind: httpAddress)
    if let profile = mcpHTTP.askedProfile { mcpHTTP.own.profile = profile }
    let own = configuration.mcpHTTPServer ?? MCPServerSettings()
    mcpHTTP.front = HTTPFront(
      requestGuard: RequestGuard(allowedHosts: own.allowedHosts, allowedOrigins: own.allowedOrigins),
      traceID: { self.trace(of: $0).traceID.description }, sink: self, mcp: mcpAccess(to: mcpHTTP.own))
  }

  func mcpAccess(to endpoint: MCPEndpoint) -> HTTPFront.MCPAccess {
    HTTPFront.MCPAccess(isOwnPort: endpoint.isOwnPort, isServed: { endpoint.isServed }) { route, exchange in
      self.serveMCP(route, exchange, endpoint)
    }
  }

  // MARK: Ending

  /// Ends what MCP clients have open over HTTP. `isHandOver`: the next daemon goes on with their sessions at once.
  func endMCPHTTP(isHandOver: Bool) {
    mcpHTTP.sweep?.cancel()
    mcpHTTP.sweep = nil
    for (channel, session) in Array(mcpHTTP.requests.values) {
      for subscription in session.subscriptions { session.answer(subscription.id, subscription.completion) }
      channel.breakOff()
    }
    for channel in mcpHTTP.sessions.sessions { channel.handOver() }
    for channel in Array(mcpHTTP.eventSessions.values) { channel.end(isHandOver: isHandOver) }
    let waiting = mcpHTTP.waiting
    mcpHTTP.waiting = []
    for (exchange, _) in waiting where exchange.isOpen { exchange.refuse(.beingReplaced) }
  }

  /// Closes the port of its own.
  func closeMCPPort() async {
    guard let server = mcpHTTP.server else { return }
    mcpHTTP.server = nil
    await withCheckedContinuation { continuation in server.stop(grace: .seconds(1)) { continuation.resume() } }
  }
}
