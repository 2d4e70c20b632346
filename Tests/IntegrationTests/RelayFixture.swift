import Foundation
import Protocol

/// A server that tells and completes, and clients that listen.
enum RelayFixture {
  static let legacy = "2025-11-25"
  static let modern = "2026-07-28"
  private static let flags = [
    "--resources", "2", "--prompts", "1", "--template", "fake://item/{id}", "--subscribe", "--logging", "--completions",
  ]

  /// Server `one` of the era, whose journal is `one`, and a server that can do none of it.
  static func config(_ era: String = "legacy", members: [String: String] = [:]) -> DaemonConfig {
    var server = DaemonConfig.Server.fake("one", "--era", era, "--journal", "one")
    server.arguments += flags
    return DaemonConfig(servers: [server, .fake("plain", "--prompts", "1")], members: members)
  }

  /// How many messages with that text the server has read.
  static func received(_ daemon: DaemonFixture, _ text: String) -> Int {
    daemon.lines(of: "one").count { $0.hasPrefix("recv") && $0.contains(text) }
  }

  /// Parameters of the notifications that came.
  static func notes(_ client: MCPClient, _ method: String) -> [JSONSlice] {
    client.received.filter { $0.notification == method }.compactMap { $0.message.member("params") }
  }

  /// The client has read all that was sent before now.
  static func settle(_ client: MCPClient, _ revision: String) throws {
    _ = try client.request(revision == modern ? "server/discover" : "ping")
  }
}

extension JSONSlice {
  /// As it is written.
  var json: String { String(decoding: bytes, as: UTF8.self) }
}
