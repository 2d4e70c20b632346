extension ArgumentTable {
  static let mcpServer = Command(
    name: "mcp-server", group: "Tools", summary: "Serve MCP on standard input and output",
    details: """
      For MCP clients, which start it themselves: seven tools that list, describe and call everything that the servers \
      of the config file have. All clients share one daemon; when it is restarted, they do not notice.
      """,
    flags: [.noStart],
    examples: [
      .init(
        line: #"{"mcpServers": {"warmplane": {"command": "warmplane", "args": ["mcp-server", "--config", "/path"]}}}"#,
        note: "the entry of a client's config")
    ],
    run: MCPServerCommand.run)
}
