extension ArgumentTable {
  static let mcpServer = Command(
    name: "mcp-server", group: "Tools", summary: "Serve MCP on standard input and output",
    details: """
      For MCP clients, which start it themselves: seven tools that list, describe and call everything that the servers \
      of the config file have. All clients share one daemon; when it is restarted, they do not notice. --server and \
      --profile show a part of it and exclude each other; --exposure direct needs one server, or a profile of one.
      """,
    flags: [.onlyServer, .profile, .exposure, .noStart],
    examples: [
      .init(
        line: #"{"mcpServers": {"wp": {"command": "warmplane", "args": ["mcp-server"]}}}"#,
        note: "the entry of a client's config; better with absolute paths"),
      .init(line: "warmplane mcp-server --server github --exposure direct", note: "one server, as it is"),
      .init(line: "warmplane mcp-server --profile work --exposure full", note: "some servers' own tools"),
    ],
    run: MCPServerCommand.run)

  static let mcpHTTPServer = Command(
    name: "mcp-http-server", group: "Tools", summary: "Serve MCP over HTTP on a port of its own",
    details: """
      A daemon in the foreground, as `daemon`, that serves MCP over HTTP at /mcp and / of the port, too, and does without \
      /v1 when that port is in use. Without flags the place is that of mcpHttpServer in the config file, else \
      http://127.0.0.1:9191. With a profile the port shows that and nothing else. Any daemon serves MCP at /mcp of its own \
      port, and on the port of mcpHttpServer if the config file has that.
      """,
    flags: [.mcpPort, .mcpBind, .mcpProfile, .strict],
    examples: [
      .init(line: "warmplane mcp-http-server -p 9191", note: "for clients that are told http://127.0.0.1:9191/mcp"),
      .init(line: "warmplane mcp-http-server --profile work", note: "for clients that shall see one profile"),
    ],
    run: DaemonCommand.runMCP)
}
