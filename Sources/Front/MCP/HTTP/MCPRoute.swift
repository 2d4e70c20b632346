package import Protocol

/// The HTTP endpoints of MCP: `/mcp`, `/mcp/<server>`, `/mcp/@<profile>`, and those of 2024-11-05, `/sse` and
/// `/messages`. Pure.
package struct MCPRoute: Sendable, Equatable {
  package enum Endpoint: Sendable, Equatable {
    /// Streamable HTTP (2025-03-26 and later).
    case streamable
    /// The event stream of 2024-11-05.
    case events
    /// Where clients of such a stream send their messages; nil without the session's id.
    case messages(session: String?)
  }

  /// What of everything the client sees.
  package enum Scope: Sendable, Equatable {
    case everything
    /// One server, by its id.
    case server(String)
    /// A named set of servers.
    case profile(String)
  }

  package var endpoint: Endpoint
  package var scope = Scope.everything
  /// The value of `?exposure=` as it came; nil without one.
  package var exposure: String?

  /// Finds the route of a request. Nil when the path is none of MCP. The path is split before it is percent-decoded: an
  /// encoded slash is a part of a server's id, and `%40` begins one that is no profile. `atRoot`: `/` is the endpoint,
  /// too, which it is on a port of its own. Throws 404 `unknown_route`, or 400 `invalid_field` for what cannot be decoded.
  package static func parse(_ head: RequestHead, atRoot: Bool = false) throws(OperationFailure) -> MCPRoute? {
    if atRoot && head.path == "/" {
      return MCPRoute(endpoint: .streamable, exposure: try parameter("exposure", head.query))
    }
    var parts = head.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
    guard parts.popFirst()?.isEmpty == true, let first = parts.popFirst() else { return nil }
    let endpoint: Endpoint
    switch String(Substring(first)) {
    case "mcp": endpoint = .streamable
    case "sse": endpoint = .events
    case "messages": endpoint = .messages(session: try parameter("session_id", head.query))
    default: return nil
    }
    // Not before: the queries of other paths are no business of ours.
    let exposure = try parameter("exposure", head.query)
    // A slash at the end is not a part of the path to many who write URLs.
    if parts.last?.isEmpty == true { parts.removeLast() }
    guard let segment = parts.popFirst() else { return MCPRoute(endpoint: endpoint, exposure: exposure) }
    if case .messages = endpoint { throw unknown }
    if !parts.isEmpty || segment.isEmpty { throw unknown }
    let isProfile = segment.first == UInt8(ascii: "@")
    let name = try PathSegment.decode(isProfile ? segment.dropFirst() : segment)
    if name.isEmpty { throw unknown }
    return MCPRoute(endpoint: endpoint, scope: isProfile ? .profile(name) : .server(name), exposure: exposure)
  }

  static var unknown: OperationFailure {
    OperationFailure(status: 404, code: .invalidArgs, message: "There is no such route.", reason: "unknown_route")
  }

  static var notServed: OperationFailure {
    OperationFailure(
      status: 404, code: .invalidArgs,
      message: "There is no such route: MCP is not served here. mcp.http of the configuration opens it.",
      reason: "unknown_route")
  }

  /// The first `name` of a query. The rest of the query is ignored.
  private static func parameter(_ name: String, _ query: String?) throws(OperationFailure) -> String? {
    guard let query else { return nil }
    let prefix = "\(name)="
    for field in query.utf8.split(separator: UInt8(ascii: "&")) where field.starts(with: prefix.utf8) {
      return try PathSegment.decode(field.dropFirst(prefix.utf8.count))
    }
    return nil
  }
}
