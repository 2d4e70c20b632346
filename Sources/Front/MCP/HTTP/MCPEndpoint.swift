import Configuration
import Platform

/// One place where MCP is served over HTTP: the port of `/v1`, or one of its own. Loop-confined.
final class MCPEndpoint {
  let streams: StreamRegistry
  /// `/` is the endpoint, too, and there is no `/v1`.
  let isOwnPort: Bool
  /// What `/mcp` shows, and the only thing that is shown here; nil is everything.
  private(set) var profile: String?
  /// Answers are JSON wherever that is possible.
  private(set) var prefersJSON = false
  /// The endpoints of 2024-11-05 are served.
  private(set) var hasEvents = false
  /// MCP is served at all.
  private(set) var isServed = true

  init(loop: EventLoop, isOwnPort: Bool) {
    self.isOwnPort = isOwnPort
    streams = StreamRegistry(loop: loop, interval: nil)
  }

  /// Whether clients of that scope are served here. The paths of a port with a profile lead to nothing else: what a profile
  /// hides of a server would be seen at the server's own path.
  func serves(_ scope: ScopeName) -> Bool { isServed && (profile == nil || scope == profile.map { .profile($0) }) }

  /// The configuration of the port of `/v1` may have changed. `bind` is where that listens.
  func apply(_ settings: MCPSettings, bind: String) {
    isServed = settings.isServed(at: bind)
    hasEvents = settings.sse
    keepAlive(settings.sseKeepAliveMs)
  }

  /// That of the port of its own may; nil: there is none.
  func apply(_ settings: MCPServerSettings?, hasEvents: Bool) {
    isServed = settings != nil
    guard let settings else { return }
    profile = settings.profile
    prefersJSON = settings.jsonResponse
    self.hasEvents = hasEvents
    keepAlive(settings.sseKeepAliveMs)
  }

  private func keepAlive(_ milliseconds: Int) {
    streams.interval = milliseconds > 0 ? .milliseconds(milliseconds) : nil
  }
}
