import Configuration
import Platform

/// One place where MCP is served over HTTP: the port of `/v1`, or one of its own. Loop-confined.
final class MCPEndpoint {
  let streams: StreamRegistry
  /// `/` is the endpoint, too, and there is no `/v1`.
  let isOwnPort: Bool
  /// What `/mcp` shows; nil is everything.
  var profile: String?
  /// Answers are JSON wherever that is possible.
  var prefersJSON = false
  /// The endpoints of 2024-11-05 are served.
  var hasEvents = false
  /// MCP is served at all.
  var isServed = true

  init(loop: EventLoop, isOwnPort: Bool) {
    self.isOwnPort = isOwnPort
    streams = StreamRegistry(loop: loop, interval: nil)
  }

  /// The configuration may have changed. `bind` is where `/v1` listens.
  func apply(_ configuration: Configuration, bind: String) {
    hasEvents = configuration.mcp.sse
    let keepAlive: Int
    if isOwnPort {
      let settings = configuration.mcpHTTPServer ?? MCPServerSettings()
      profile = settings.profile
      prefersJSON = settings.jsonResponse
      keepAlive = settings.sseKeepAliveMs
    } else {
      isServed = configuration.mcp.isServed(at: bind)
      keepAlive = configuration.mcp.sseKeepAliveMs
    }
    streams.interval = keepAlive > 0 ? .milliseconds(keepAlive) : nil
  }
}
