/// TCP sockets that listen, for the program that takes the place of this one. The owner of the value owns them.
package struct ListeningSockets: Sendable {
  /// Of `/v1`.
  package var http: Int32?
  /// Of MCP's own port.
  package var mcp: Int32?

  package init() {}
}
