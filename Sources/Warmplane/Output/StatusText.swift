import Protocol

/// The answer to `status` for people: the daemon, then a table of the workers.
struct StatusText {
  private let body: JSONSlice
  private let socket: String

  /// `socket`: where the daemon was found.
  init(_ body: JSONSlice, socket: String) {
    self.body = body
    self.socket = socket
  }

  func rendered(_ style: TextStyle) -> String {
    daemon(style) + "\n" + workers(style)
  }

  private func daemon(_ style: TextStyle) -> String {
    let daemon = body.member("daemon") ?? .null
    let version = daemon.member("version")?.string?.onOneLine
    var parts = [style.apply(.bold, to: "warmplane \(version ?? "?")"), "pid \(daemon.member("pid")?.int ?? 0)"]
    parts.append(daemon.member("http")?.string?.onOneLine ?? "no http")
    let clients = daemon.member("clients").map { Array($0.elements).count } ?? 0
    parts.append(clients == 1 ? "1 client" : "\(clients) clients")
    var text = parts.joined(separator: "   ") + "\n"
    text += detail("mcp", daemon.member("mcp_http")?.string.map { "\($0)/mcp" }, style)
    text += detail("config", daemon.member("config")?.string, style)
    text += detail("socket", daemon.member("socket")?.string ?? socket, style)
    var warnings: [String] = []
    if let error = daemon.member("http_error")?.string { warnings.append("HTTP could not open: \(error.onOneLine)") }
    if let error = daemon.member("mcp_http_error")?.string {
      warnings.append("MCP over HTTP could not open: \(error.onOneLine)")
    }
    if daemon.member("config_changed")?.bool == true {
      warnings.append("the config file has changed since the daemon read it")
    }
    if let version, version != WarmplaneVersion.current {
      warnings.append("this program is version \(WarmplaneVersion.current), the daemon is \(version)")
    }
    for warning in warnings {
      for (index, line) in warning.wrapped(to: style.width - 4).enumerated() {
        text += "  \(index == 0 ? style.apply(.yellow, to: "!") : " ") \(line)\n"
      }
    }
    return text
  }

  /// Paths are not cut: they are there to be copied.
  private func detail(_ name: String, _ value: String?, _ style: TextStyle) -> String {
    let gap = String(repeating: " ", count: max(0, "config".count - name.count) + 2)
    return value.map { "  \(style.apply(.dim, to: name))\(gap)\($0.onOneLine)\n" } ?? ""
  }

  private func workers(_ style: TextStyle) -> String {
    let workers = body.member("workers").map { Array($0.elements) } ?? []
    if workers.isEmpty { return "The config file has no servers.\n" }
    var table = TextTable(
      columns: [
        .init(title: "SERVER"), .init(title: "STATE"), .init(title: "UPTIME", isRight: true),
        .init(title: "RESTARTS", isRight: true), .init(title: "CALLS", isRight: true),
        .init(title: "ERR", isRight: true), .init(title: "P50", isRight: true), .init(title: "P95", isRight: true),
        .init(title: "MEM", isRight: true),
      ], flexible: 0)
    for worker in workers {
      let state = worker.member("state")?.string ?? "-"
      let errors = worker.member("errors")?.int
      let restarts = worker.member("restarts")?.int
      table.add([
        .init(worker.member("server")?.string ?? "-"),
        .init(state, look(of: state)),
        .init(Figure.span(milliseconds: worker.member("uptime_ms")?.int)),
        .init(Figure.count(restarts), restarts ?? 0 > 0 ? .yellow : nil),
        .init(Figure.count(worker.member("calls")?.int)),
        .init(Figure.count(errors), errors ?? 0 > 0 ? .red : nil),
        .init(Figure.latency(milliseconds: worker.member("p50_ms")?.double)),
        .init(Figure.latency(milliseconds: worker.member("p95_ms")?.double)),
        // Nothing runs: no figure is clearer than a zero.
        .init(Figure.bytes(worker.member("memory_bytes")?.int.flatMap { $0 > 0 ? $0 : nil })),
      ])
      if let note = note(on: worker, state: state) { table.addNote(note, .dim) }
    }
    return table.rendered(style)
  }

  /// Why a server is not well: its readiness message, or at least a code that says more than the state.
  private func note(on worker: JSONSlice, state: String) -> String? {
    if state == "ready" || state == "disabled" { return nil }
    if let message = worker.member("message")?.string, !message.isEmpty { return message }
    guard let code = worker.member("code")?.string, code != state, code != "ready" else { return nil }
    return code
  }

  private func look(of state: String) -> TextStyle.Look? {
    switch state {
    case "ready": .green
    case "starting", "restarting", "degraded": .yellow
    case "needs_auth", "misconfigured", "crash_loop": .red
    default: .dim
    }
  }
}
