import Configuration

/// The environment of an upstream: the daemon's, less what is not an upstream's business, plus the entry's `env`.
enum UpstreamEnvironment {
  /// Names that belong to us or to systemd's conversation with us.
  static func isOurs(_ name: String) -> Bool {
    name == "NOTIFY_SOCKET" || name == "RUNTIME_DIRECTORY" || name == "STATE_DIRECTORY" || name == "INVOCATION_ID"
      || name == "WARMPLANE_AUTH_TOKEN" || name == "WARMPLANE_UPSTREAM" || name.hasPrefix("LISTEN_")
      || name.hasPrefix("WATCHDOG_")
  }

  /// `NAME=value` strings. `secrets`: variables that a `…Env` key of the configuration names.
  static func make(
    inherited: [(name: String, value: String)], secrets: Set<String>, entry: [NamedValue], programDirectory: String
  ) -> [String] {
    var values: [(name: String, value: String)] = inherited.filter { !isOurs($0.name) && !secrets.contains($0.name) }
    for variable in entry {
      values.removeAll { $0.name == variable.name }
      values.append((variable.name, variable.value))
    }
    // Last, so that nothing of the user's is shadowed: programs that ship with us are found by their name.
    if let path = values.firstIndex(where: { $0.name == "PATH" }) {
      values[path].value += ":\(programDirectory)"
    } else {
      values.append(("PATH", "/usr/local/bin:/usr/bin:/bin:\(programDirectory)"))
    }
    return values.map { "\($0.name)=\($0.value)" }
  }
}
