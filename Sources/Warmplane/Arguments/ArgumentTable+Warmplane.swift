/// All commands, and those that concern daemon and configuration.
extension ArgumentTable {
  /// The program's commands in the order of its help.
  static let warmplane = ArgumentTable(
    commands: [
      daemon, status, stop, restart, reload, upgrade, logs, listCapabilities, describeCapability, callCapability,
      cancelOperation, listResources, readResource, listPrompts, getPrompt, mcpServer, mcpHTTPServer, validateConfig,
      authDiscover,
      authLogin, authStart, authExchange, authStatus, authRefresh, authImport, authLogout,
    ],
    commonFlags: [.config],
    groupDetails: [
      "auth": """
      Gets and keeps the credentials of servers whose auth is of type "oauth". These commands work on the credential \
      store, which the daemon watches; they need no daemon, and start none.
      """
    ])

  private static let daemon = Command(
    name: "daemon", group: "Daemon", summary: "Run the daemon in the foreground",
    details: """
      Starts every server of the config file and serves them until it is interrupted. It answers at once; servers start \
      in the background, and one that cannot start delays no other.
      """,
    flags: [.daemonPort, .strict],
    examples: [
      .init(line: "warmplane daemon", note: "the servers of ./mcp_servers.json, at http://127.0.0.1:9090"),
      .init(line: "warmplane daemon --config work.json --port 0", note: "another file, any free port"),
    ],
    run: DaemonCommand.run)

  private static let status = Command(
    name: "status", group: "Daemon", summary: "Show the daemon and its servers",
    details: """
      One line on the daemon, and one on each server with its state, uptime, restarts, calls, failed calls, latency \
      (median and 95th percentile) and memory. A server that is not well says below why.
      """,
    flags: [.watch, .statusJSON],
    examples: [
      .init(line: "warmplane status", note: "for people"),
      .init(line: "warmplane status --watch", note: "for people with time"),
      .init(line: "warmplane status --json", note: "for programs"),
    ],
    run: StatusCommand.run)

  private static let stop = Command(
    name: "stop", group: "Daemon", summary: "Stop the daemon and its servers",
    details: "Lets running calls end for a short time, stops all servers, and returns when the daemon is gone.",
    examples: [.init(line: "warmplane stop", note: "the daemon of ./mcp_servers.json")],
    run: StopCommand.run)

  private static let restart = Command(
    name: "restart", group: "Daemon", summary: "Restart one server",
    details: "Ends the server's process and starts a new one at once, also when it was given up after many failures.",
    operands: [.init(name: "server", help: "A server of the config file")],
    examples: [.init(line: "warmplane restart git", note: "the others are not touched")],
    run: RestartCommand.run)

  private static let reload = Command(
    name: "reload", group: "Daemon", summary: "Make the daemon read its config file again",
    details: """
      Only servers whose entry changed are restarted; aliases, policy, profiles, timeouts and MCP's own port count at \
      once. With an invalid file, everything stays as it is. Another port of /v1 needs a new daemon.
      """,
    examples: [.init(line: "warmplane reload", note: "says which servers were added, removed and changed")],
    run: ReloadCommand.run)

  private static let upgrade = Command(
    name: "upgrade", group: "Daemon", summary: "Replace the running daemon by the installed version",
    details: """
      The new program takes the place of the old one in the same process. Servers go on with their sessions, calls that \
      are under way get their answers, and MCP clients do not notice. Worker processes keep their version until their \
      server is restarted.
      """,
    examples: [.init(line: "make install && warmplane upgrade", note: "after a new version was installed")],
    run: UpgradeCommand.run)

  private static let logs = Command(
    name: "logs", group: "Daemon", summary: "Show what the daemon and its servers noted",
    details: """
      Prints the last records of the daemon as JSON lines, and what servers write to standard error with them. \
      WARMPLANE_LOG in the daemon's environment says how much is noted.
      """,
    operands: [.init(name: "server", help: "Only records about this server", isOptional: true)], flags: [.follow],
    examples: [
      .init(line: "warmplane logs git", note: "one server"),
      .init(line: "warmplane logs -f | jq -r .fields.message", note: "everything, as it comes"),
    ],
    run: LogsCommand.run)

  private static let validateConfig = Command(
    name: "validate-config", group: "Configuration", summary: "Check the config file",
    details: """
      Reads the config file and reports everything that is wrong with it, with line and column. Nothing is started.
      """,
    flags: [.strict, .validationJSON],
    examples: [
      .init(line: "warmplane validate-config --config mcp_servers.json", note: "exit code 1 if it cannot be used"),
      .init(line: "warmplane validate-config --strict --json", note: "typos too, for an editor or CI"),
    ],
    run: ValidateConfigCommand.run)
}
