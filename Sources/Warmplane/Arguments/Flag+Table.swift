extension Flag {
  static let config = Flag(
    "config", short: "c", value: .text("PATH"),
    help: "The config file (default: ./mcp_servers.json, else $XDG_CONFIG_HOME/warmplane/mcp_servers.json)")

  static let strict = Flag("strict", help: "Unknown keys in the config file are errors, not warnings")

  static let daemonPort = Flag(
    "port", short: "p", value: .port, help: "The HTTP port, instead of the config file's; 0 takes any free one")

  static let mcpPort = Flag(
    "port", short: "p", value: .port, help: "The port of MCP, instead of the config file's; 0 takes any free one")

  static let mcpBind = Flag(
    "bind", value: .address, help: "The IP address of MCP, instead of the config file's")

  static let mcpProfile = Flag(
    "profile", value: .text("NAME"), help: "Show this profile and nothing else, instead of the config file's")

  static let validationJSON = Flag("json", help: "Print problems as JSON on standard output")

  static let statusJSON = Flag("json", help: "Print {ok, daemon, workers} as JSON")

  static let facadePort = Flag(
    "port", short: "p", value: .port, help: "Ask the daemon at 127.0.0.1:<PORT> by HTTP; needs no config file")

  static let noStart = Flag("no-start", help: "Fail when no daemon runs, instead of starting one")

  static let output = Flag(
    "output", value: .choice("FORM", ["json", "pretty", "table"]),
    help: "json: one line; pretty: indented; table: columns (default: pretty on a terminal, else json)")

  static let noWait = Flag("no-wait", help: "List what is known now, without waiting for servers that start")

  static let parameters = Flag(
    "params", value: .text("JSON"), help: "The arguments as JSON, or @FILE, or - for standard input (default: {})")

  static let promptArguments = Flag(
    "arguments", short: "a", value: .text("JSON"),
    help: "The arguments as JSON, or @FILE, or - for standard input (default: {})")

  static let profile = Flag(
    "profile", value: .text("NAME"), help: "See only what this profile of the config file grants")

  static let onlyServer = Flag("server", value: .text("ID"), help: "See only this server of the config file")

  static let exposure = Flag(
    "exposure", value: .choice("FORM", ["compact", "full", "direct", "auto"]),
    help: "compact: seven tools for everything (default); full: each server's own tools; direct: one server as it is; "
      + "auto: by the client")

  static let watch = Flag("watch", help: "Draw it again every second, until interrupted")

  static let follow = Flag("follow", short: "f", help: "Go on with new records as they come, until interrupted")

  static let requestID = Flag(
    "request-id", value: .text("ID"),
    help: "Comes back as request_id in the answer, and is the name for cancel-operation")

  static let idempotencyKey = Flag(
    "idempotency-key", value: .key("KEY"),
    help: "Carry it out at most once: asked again with this key, the first outcome comes back, for an hour")
}
