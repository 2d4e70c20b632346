import Foundation

/// A configuration with servers of every kind of `auth`, and what its store says.
enum CLIAuthSample {
  static let config = """
    {"authStorePath":"store.json","mcpServers":{
      "z":{"url":"https://${MCP_HOST:-mcp.example.com}/mcp","auth":{"type":"oauth","tokenStoreKey":"shared key"}},
      "linear":{"url":"https://mcp.linear.app/mcp","auth":{"type":"oauth","clientId":"cid","clientSecretEnv":"SECRET",
        "scope":"read write","authorizationEndpoint":"https://linear.app/oauth/authorize",
        "tokenEndpoint":"https://api.linear.app/oauth/token","codeChallengeMethodsSupported":["S256"]}},
      "bearer":{"url":"https://b.example","auth":{"type":"bearer","token":"t"}},
      "open":{"url":"https://o.example"},
      "pipe":{"command":"x"}}}
    """

  static func program(_ config: String = config, store: String? = nil) throws -> CLIProgram {
    let workspace = CLIWorkspace()
    try workspace.write(config, to: "mcp_servers.json")
    if let store { try workspace.write(store, to: "store.json") }
    return CLIProgram(in: workspace)
  }

  static func store(of program: CLIProgram, _ name: String = "store.json") -> String {
    let content = FileManager.default.contents(atPath: "\(program.workspace.directory)/\(name)")
    return String(decoding: content ?? Data("(none)".utf8), as: UTF8.self)
  }
}
