import Platform
import Protocol

/// What the front keeps for its MCP clients.
struct MCPFront {
  /// By control session.
  var sessions: [ObjectIdentifier: MCPSession] = [:]
  /// Made when they are asked for; nil again when the catalog changed.
  var resourceNames: NativeNames?
  var promptNames: NativeNames?
  /// What clients know of the lists: hashes of resources and prompts. Nil while there is no client.
  var known: [ListKind: String]?
  /// Runs while changes are being gathered.
  var settling: Timer?
}
