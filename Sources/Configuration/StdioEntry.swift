/// How to spawn an upstream that speaks MCP on its standard input and output.
package struct StdioEntry: Sendable, Equatable {
  package var command: String
  package var args: [String] = []
  /// Added to the inherited environment, in file order.
  package var env: [NamedValue] = []
  /// Working directory; the default depends on how the daemon was started.
  package var cwd: String?

  package init(command: String) {
    self.command = command
  }
}
