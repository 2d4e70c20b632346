/// The validated content of one configuration file. Values are as written: templates are expanded when a server starts
/// (`ServerEntry.expanded`), because an unset variable concerns one server and not the file.
package struct Configuration: Sendable, Equatable {
  /// The path as the user gave it; empty for a configuration that was parsed from memory.
  package var path = ""
  /// The TCP port of the HTTP front; 0 = any free one.
  package var port = 9090
  /// The literal IP address that the HTTP front binds.
  package var bind = "127.0.0.1"
  /// `host` or `host:port` items, accepted in `Host` in addition to the loopback names.
  package var allowedHosts: [String] = []
  /// Origins accepted in `Origin`, compared exactly.
  package var allowedOrigins: [String] = []
  /// Limit of an HTTP request body.
  package var maxBodyBytes = 4_194_304
  /// Deadline per operation from its admission; 0 times out at once.
  package var toolTimeoutMs = 15_000
  /// How long a first list waits for servers in their first start.
  package var listWaitMs = 5_000
  /// As written; see `authStorePath(relativeTo:)`.
  package var authStorePath: String?
  package var capabilityAliases = AliasMap()
  package var resourceAliases = AliasMap()
  package var promptAliases = AliasMap()
  package var policy = PolicySettings()
  package var daemon = DaemonSettings()
  package var mcp = MCPSettings()
  /// Nil without a port of its own.
  package var mcpHTTPServer: MCPServerSettings?
  /// In file order, which decides between duplicate ids.
  package var servers: [ServerEntry] = []
  /// In file order.
  package var profiles: [ProfileSettings] = []
  /// What the file says without effect, in the order of the file.
  package var warnings: [ConfigurationProblem] = []
  /// Hash of the file's bytes: an edited file is noticed by comparing it.
  package var fingerprint = ""

  package init() {}

  /// Names of variables that a `…Env` key reads a secret from. They are withheld from upstream processes.
  package var secretVariables: Set<String> {
    var names: Set<String> = []
    for server in servers {
      guard case .http(let entry) = server.transport, let name = entry.auth?.secretVariable else { continue }
      names.insert(name)
    }
    return names
  }

  /// The credential store that the file names: literal, and a relative path starts at the directory of the file.
  package func authStorePath(relativeTo directory: String) -> String? {
    guard let authStorePath else { return nil }
    return authStorePath.utf8.first == UInt8(ascii: "/") ? authStorePath : "\(directory)/\(authStorePath)"
  }

  /// The deadline of one operation on a server.
  package func timeoutMs(of server: ServerEntry) -> Int {
    server.timeoutMs ?? toolTimeoutMs
  }
}
