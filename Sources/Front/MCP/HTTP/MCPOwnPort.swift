import Configuration

/// The open port that serves MCP alone. Loop-confined.
struct MCPOwnPort {
  let address: String
  /// 0: any free one was asked for.
  let askedPort: Int
  let server: HTTPServer

  /// Whether it is where the settings want it.
  func isPlaced(as settings: MCPServerSettings) -> Bool {
    address == settings.bind && (settings.port == askedPort || settings.port == server.port)
  }
}
