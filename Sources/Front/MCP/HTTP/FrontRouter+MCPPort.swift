package import Configuration
import Glibc
import Platform
import Protocol
import Telemetry

/// Where MCP is served over HTTP: at `/mcp` of the port of `/v1`, and on a port of its own.
extension FrontRouter {
  /// How long what is under way on a port that closes may take.
  private static let closingGrace = Duration.seconds(1)

  /// Serves MCP on a port of its own, if `asked` or the configuration says so, from now on and after each reload; on the
  /// listening socket `inherited` if that is one of this place. Throws when the port cannot be had.
  package func serveMCP(_ asked: MCPPortRequest, inherited: Int32? = nil) throws(HTTPServerError) {
    mcpHTTP.asked = asked
    makeHTTPFront()
    try placeMCPPort(on: inherited)
  }

  /// The port of its own could not be opened, and the daemon goes on without it; `status` says why.
  package func goOnWithoutMCPPort(_ reason: String) {
    mcpHTTP.portError = reason
    log.warn("MCP over HTTP could not open", [LogField("detail", reason)])
  }

  /// What the port of its own is to be; nil: there is to be none.
  private var mcpPortSettings: MCPServerSettings? { mcpHTTP.asked.settings(in: settings.configuration) }

  /// Opens, moves or closes the port of its own, so that it is where it is to be. A port that is not to be there any more is
  /// closed even if the new one cannot be had.
  private func placeMCPPort(on inherited: Int32? = nil) throws(HTTPServerError) {
    let settings = mcpPortSettings
    mcpHTTP.portError = nil
    if let port = mcpHTTP.ownPort {
      if let settings, port.isPlaced(as: settings) { return }
      mcpHTTP.ownPort = nil
      port.server.stop(grace: Self.closingGrace)
      log.info("MCP over HTTP closed", [LogField("address", port.address), LogField("port", port.server.port)])
    }
    guard let settings else { return inherited.map { _ = Glibc.close($0) } ?? () }
    let server = try HTTPServer(
      loop: loop, address: settings.bind, port: settings.port, inherited: inherited, limits: httpLimits
    ) { self.mcpHTTP.front?.receive($0) }
    mcpHTTP.ownPort = MCPOwnPort(address: settings.bind, askedPort: settings.port, server: server)
    if idleWatch != nil { countClients(of: server) }
    log.info("MCP over HTTP listening", [LogField("address", settings.bind), LogField("port", server.port)])
  }

  /// The configuration has changed. Returns what cannot be done, and what should be known.
  func settleMCPPlaces() -> [String] {
    endUnplacedMCP()
    let configuration = settings.configuration
    var warnings = mcpHTTP.asked.objections(in: configuration) + mcpHTTP.asked.warnings(in: configuration)
    do throws(HTTPServerError) {
      try placeMCPPort()
    } catch {
      goOnWithoutMCPPort("\(error)")
      warnings.append("MCP over HTTP has no port of its own: \(error)")
    }
    return warnings
  }

  /// How requests to MCP's endpoints go under the current configuration.
  func makeMCPFronts() {
    let configuration = settings.configuration
    mcpHTTP.sessions.limits.sessions = configuration.mcp.maxSessions
    mcpHTTP.sessions.limits.idle = .seconds(configuration.mcp.sessionIdleSeconds)
    let own = mcpPortSettings
    mcpHTTP.shared.apply(configuration.mcp, bind: httpAddress)
    mcpHTTP.own.apply(own, hasEvents: configuration.mcp.sse)
    mcpHTTP.front = HTTPFront(
      requestGuard: RequestGuard(allowedHosts: own?.allowedHosts ?? [], allowedOrigins: own?.allowedOrigins ?? []),
      traceID: { self.trace(of: $0).traceID.description }, sink: self, mcp: mcpAccess(to: mcpHTTP.own))
  }

  func mcpAccess(to endpoint: MCPEndpoint) -> HTTPFront.MCPAccess {
    HTTPFront.MCPAccess(isOwnPort: endpoint.isOwnPort, isServed: { endpoint.isServed }) { route, exchange in
      self.serveMCP(route, exchange, endpoint)
    }
  }

  // MARK: Ending

  /// Ends what clients have open at places that are not there any more: the port was closed or shows another profile, MCP is
  /// not served at `/mcp`, or the server or profile was removed. Single requests go on to their answers.
  private func endUnplacedMCP() {
    func isGone(_ endpoint: MCPEndpoint, _ session: MCPSession) -> Bool {
      !isServed(session.view.key.scope, at: endpoint)
    }
    for (_, session, endpoint) in Array(mcpHTTP.requests.values) where isGone(endpoint, session) {
      for subscription in session.subscriptions { session.answer(subscription.id, subscription.completion) }
    }
    for channel in mcpHTTP.sessions.sessions where isGone(channel.endpoint, channel.session) { endSession(channel) }
    for channel in Array(mcpHTTP.eventSessions.values) {
      if isGone(channel.endpoint, channel.session) || !channel.endpoint.hasEvents { channel.end() }
    }
  }

  /// Ends what MCP clients have open over HTTP. `isHandOver`: the next daemon goes on with their sessions at once.
  func endMCPHTTP(isHandOver: Bool) {
    mcpHTTP.sweep?.cancel()
    mcpHTTP.sweep = nil
    for (channel, session, _) in Array(mcpHTTP.requests.values) {
      for subscription in session.subscriptions { session.answer(subscription.id, subscription.completion) }
      channel.breakOff()
    }
    for channel in mcpHTTP.sessions.sessions { channel.handOver() }
    for channel in Array(mcpHTTP.eventSessions.values) { channel.end(isHandOver: isHandOver) }
    mcpHTTP.gate.refuseAll(.beingReplaced)
  }

  /// Closes the port of its own.
  func closeMCPPort() async {
    guard let server = mcpHTTP.ownPort?.server else { return }
    mcpHTTP.ownPort = nil
    await withCheckedContinuation { continuation in
      server.stop(grace: Self.closingGrace) { continuation.resume() }
    }
  }
}
