extension ArgumentTable {
  static let mcpServer = Command(
    name: "mcp-server", group: "Tools", summary: "Serve MCP on standard input and output",
    details: """
      For MCP clients, which start it themselves: seven tools that list, describe and call everything that the servers \
      of the config file have. All clients share one daemon; when it is restarted, they do not notice.
      """,
    flags: [.onlyServer, .profile, .exposure, .noStart],
    examples: [
      .init(
        line: #"{"mcpServers": {"warmplane": {"command": "warmplane", "args": ["mcp-server", "--config", "/path"]}}}"#,
        note: "the entry of a client's config"),
      .init(line: "warmplane mcp-server --server github --exposure direct", note: "one server, as it is"),
      .init(line: "warmplane mcp-server --profile work --exposure full", note: "some servers' own tools"),
    ],
    run: MCPServerCommand.run)
}
