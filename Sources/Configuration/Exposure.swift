/// In which form an MCP client sees the servers of its scope.
package enum Exposure: String, Sendable, CaseIterable {
  /// The seven tools that list, describe and call everything.
  case compact
  /// Every server's own tools, prompts and resources, under names that tell the server.
  case full
  /// One server as it is, under its own names and URIs.
  case direct
  /// `full` for clients that fetch tool schemas only when they need them, by what they say of themselves; else `compact`.
  case auto
}
