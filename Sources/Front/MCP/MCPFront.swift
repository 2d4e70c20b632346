import Platform
import Protocol

/// What the front keeps for its MCP clients.
struct MCPFront {
  /// All that are open, by themselves.
  var sessions: [ObjectIdentifier: MCPSession] = [:]
  /// Those of bridges, by control session.
  var bridges: [ObjectIdentifier: MCPSession] = [:]
  /// What was asked for so far; of what is not in the configuration, what sessions show.
  var views: [MCPView.Key: MCPView] = [:]
  /// Runs while changes are being gathered.
  var settling: Timer?
}
