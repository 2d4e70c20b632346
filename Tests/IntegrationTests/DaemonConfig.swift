import Foundation

/// The configuration of a daemon under test.
struct DaemonConfig: Sendable {
  struct Server: Sendable {
    let id: String
    var command: String
    var arguments: [String] = []
    /// Instead of a command.
    var url: String?
    /// More members of the entry, as JSON text: `["timeout": "500"]`.
    var members: [String: String] = [:]

    /// An upstream that misbehaves on command (`warmplane-fake-upstream --help`).
    static func fake(_ id: String, _ arguments: String..., members: [String: String] = [:]) -> Server {
      Server(id: id, command: DaemonFixture.program("warmplane-fake-upstream"), arguments: arguments, members: members)
    }

    /// The demonstration server.
    static func demo(_ id: String) -> Server {
      Server(id: id, command: DaemonFixture.program("warmplane-demo-server"))
    }
  }

  var servers: [Server] = []
  /// More members of the top level, as JSON text: `["policy": #"{"deny": ["*"]}"#]`.
  var members: [String: String] = [:]

  /// The file. The port is any free one unless `members` has another.
  var text: String {
    var parts = members
    parts["port"] = members["port"] ?? "0"
    parts["mcpServers"] =
      "{\(servers.map { "\(Self.quoted($0.id)): \(Self.entry($0))" }.joined(separator: ",\n  "))}"
    return "{\n\(parts.sorted { $0.key < $1.key }.map { "  \"\($0.key)\": \($0.value)" }.joined(separator: ",\n"))\n}\n"
  }

  private static func entry(_ server: Server) -> String {
    var parts = server.members
    if let url = server.url {
      parts["url"] = quoted(url)
    } else {
      parts["command"] = quoted(server.command)
      parts["args"] = "[\(server.arguments.map(quoted).joined(separator: ", "))]"
    }
    return "{\(parts.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", "))}"
  }

  private static func quoted(_ text: String) -> String {
    let data = try? JSONSerialization.data(withJSONObject: text, options: .fragmentsAllowed)
    return String(decoding: data ?? Data(), as: UTF8.self)
  }
}
