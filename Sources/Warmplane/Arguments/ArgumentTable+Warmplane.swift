extension ArgumentTable {
  /// The program's commands in the order of its help.
  static let warmplane = ArgumentTable(
    commands: [daemon, status, stop, listCapabilities, describeCapability, callCapability, validateConfig],
    commonFlags: [.config])

  private static let facadeFlags: [Flag] = [.output, .facadePort, .noStart]

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
    flags: [.statusJSON],
    examples: [
      .init(line: "warmplane status", note: "for people"),
      .init(line: "warmplane status --json", note: "for programs"),
    ],
    run: StatusCommand.run)

  private static let stop = Command(
    name: "stop", group: "Daemon", summary: "Stop the daemon and its servers",
    details: "Lets running calls end for a short time, stops all servers, and returns when the daemon is gone.",
    examples: [.init(line: "warmplane stop", note: "the daemon of ./mcp_servers.json")],
    run: StopCommand.run)

  private static let listCapabilities = Command(
    name: "list-capabilities", group: "Tools", summary: "List the tools of all servers",
    details: "Prints id and summary of every tool, and how each server is.",
    flags: facadeFlags + [.noWait],
    examples: [
      .init(line: "warmplane list-capabilities --output table", note: "as columns"),
      .init(line: "warmplane list-capabilities | jq -r '.capabilities[].id'", note: "the ids only"),
    ],
    run: FacadeCommand.listCapabilities)

  private static let describeCapability = Command(
    name: "describe-capability", group: "Tools", summary: "Show one tool with its arguments",
    details: "Prints the description and the JSON Schema of the arguments of one tool.",
    operands: [.init(name: "id", help: "An id of list-capabilities")], flags: facadeFlags,
    examples: [.init(line: "warmplane describe-capability git.git_log", note: "which arguments does it take?")],
    run: FacadeCommand.describeCapability)

  private static let callCapability = Command(
    name: "call-capability", group: "Tools", summary: "Call a tool",
    details: """
      Calls a tool and prints the answer, an envelope {ok, request_id, trace_id, data, error}. The exit code is 1 when \
      ok is false. Ctrl-C cancels the call.
      """,
    operands: [.init(name: "id", help: "An id of list-capabilities")],
    flags: [.parameters, .requestID] + facadeFlags,
    examples: [
      .init(
        line: "warmplane call-capability time.get_current_time --params '{\"timezone\":\"UTC\"}'",
        note: "arguments on the command line"),
      .init(line: "warmplane call-capability db.query --params @query.json", note: "from a file"),
      .init(line: "jq -n '{sql: \"SELECT 1\"}' | warmplane call-capability db.query --params -", note: "from a pipe"),
    ],
    run: FacadeCommand.callCapability)

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
