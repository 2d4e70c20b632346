/// The HTTP header fields of MCP's transports.
package enum MCPHeader {
  package static let version = "MCP-Protocol-Version"
  package static let session = "Mcp-Session-Id"

  /// Fields whose values follow from the protocol and the body, in lower case (RFC 9110, RFC 9112, MCP transports).
  private static let owned: Set<String> = [
    "accept", "accept-encoding", "connection", "content-length", "content-type", "expect", "host", "keep-alive",
    "last-event-id", "mcp-method", "mcp-name", "mcp-protocol-version", "mcp-session-id", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
  ]

  /// Whether a configuration cannot set the field: what it says is ignored.
  package static func isProtocol(_ name: String) -> Bool {
    let name = name.lowercased()
    return owned.contains(name) || name.hasPrefix("mcp-param-")
  }
}
