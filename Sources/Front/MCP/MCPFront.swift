import Platform
import Protocol

/// What the front keeps for its MCP clients.
struct MCPFront {
  /// All that are open, by themselves.
  var sessions: [ObjectIdentifier: MCPSession] = [:]
  /// Those of bridges, by control session.
  var bridges: [ObjectIdentifier: MCPSession] = [:]
  /// What was asked for so far; at most three for each server and profile.
  var views: [MCPView.Key: MCPView] = [:]
  /// Resources that are subscribed, by server and the server's URI, with the sessions and how often each has it.
  var watchers: [String: [String: [ObjectIdentifier: Int]]] = [:]
  /// Servers whose interests are to be declared at the end of the turn.
  var unsettledInterests: Set<String> = []
  /// Servers with subscribed resources that were away since.
  var interrupted: Set<String> = []
  /// Runs while changes are being gathered.
  var settling: Timer?
}
