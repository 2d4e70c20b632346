/// MCP over HTTP on the port of `/v1`.
package struct MCPSettings: Sendable, Equatable {
  /// As written; nil leaves it to `isServed(at:)`.
  package var http: Bool?
  /// The endpoints of 2024-11-05, too.
  package var sse = false
  /// A session that nobody used for this long is forgotten.
  package var sessionIdleSeconds = 1800
  /// Sessions at the same time.
  package var maxSessions = 10_000
  /// A quiet event stream gets a comment after this time; 0 = never.
  package var sseKeepAliveMs = 15_000

  package init() {}

  /// Whether `/mcp` is served on the address of `/v1`: on others than loopback ones only when the file says so, because
  /// requests are not authenticated.
  package func isServed(at bind: String) -> Bool { http ?? (IPAddress(bind)?.isLoopback ?? false) }
}

/// MCP over HTTP on a port of its own.
package struct MCPServerSettings: Sendable, Equatable {
  /// 0 = any free one.
  package var port = 9191
  /// A literal IP address.
  package var bind = "127.0.0.1"
  /// As in `MCPSettings`.
  package var sseKeepAliveMs = 15_000
  /// Answers are JSON wherever the protocol allows it, without progress and log messages.
  package var jsonResponse = false
  /// The profile that `/mcp` and `/` show; nil shows everything.
  package var profile: String?
  /// `host` or `host:port`, accepted in `Host` in addition to the loopback names.
  package var allowedHosts: [String] = []
  /// Origins accepted in `Origin`, compared exactly.
  package var allowedOrigins: [String] = []

  package init() {}

  /// Whether the port of `/v1` is in the way of this one.
  func collides(with configuration: Configuration) -> Bool {
    guard port != 0, port == configuration.port, let own = IPAddress(bind), let other = IPAddress(configuration.bind)
    else { return false }
    return own.overlaps(other)
  }
}
