import Glibc

/// Which configuration file a command means.
package struct ConfigurationLocation: Sendable, Equatable {
  /// As the user gave it, or `mcp_servers.json` for the first default: the form that is printed.
  package let path: String

  /// Whether it came from `--config`. Such a file may be missing; reading it tells.
  package let isExplicit: Bool

  /// `--config` if given, else `./mcp_servers.json` if it exists, else
  /// `$XDG_CONFIG_HOME/warmplane/mcp_servers.json` (`~/.config` when that variable is unset) if it exists.
  package static func find(
    flag: String?, environment: (String) -> String?, exists: (String) -> Bool
  ) throws(ConfigurationNotFound) -> ConfigurationLocation {
    if let flag { return ConfigurationLocation(path: flag, isExplicit: true) }
    let local = "mcp_servers.json"
    if exists(local) { return ConfigurationLocation(path: local, isExplicit: false) }
    let base = absolute(environment("XDG_CONFIG_HOME")) ?? absolute(environment("HOME")).map { "\($0)/.config" }
    let user = base.map { "\($0)/warmplane/mcp_servers.json" }
    if let user, exists(user) { return ConfigurationLocation(path: user, isExplicit: false) }
    throw ConfigurationNotFound(tried: ["./\(local)", user ?? "~/.config/warmplane/mcp_servers.json"])
  }

  /// For this process.
  package static func find(flag: String?) throws(ConfigurationNotFound) -> ConfigurationLocation {
    try find(
      flag: flag, environment: { name in getenv(name).map { String(cString: $0) } },
      exists: { access($0, F_OK) == 0 })
  }

  /// The identity of the instance: the path with every symbolic link resolved; nil if the file cannot be reached.
  package var realPath: String? {
    guard !path.utf8.contains(0), let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

/// No configuration file was named and none is at a default place.
package struct ConfigurationNotFound: Error, Sendable, Equatable, CustomStringConvertible {
  package let tried: [String]

  package var description: String {
    "no config file: neither \(tried.joined(separator: " nor ")) exists; name one with --config"
  }
}
