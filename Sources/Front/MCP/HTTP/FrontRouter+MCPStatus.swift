import Configuration
import Protocol

/// MCP clients over HTTP in `status`.
extension FrontRouter {
  /// Rows of sessions in one document; more are only counted.
  private static let mostRows = 256

  /// One row for each session, and one for all requests of a client that needs none.
  func writeMCPClients(to writer: inout JSONWriter) {
    var rows = 0
    func row(_ name: String?, _ version: String?, _ era: ProtocolRevision.Era?, _ view: MCPView.Key, _ inFlight: Int) {
      guard rows < Self.mostRows else { return }
      rows += 1
      writer.beginObject()
      writer.member("kind", "http")
      writer.member("name", name)
      writer.member("version", version)
      writer.member("protocol_era", era?.rawValue)
      writer.member("scope", view.scope.text)
      writer.member("exposure", view.exposure.rawValue)
      writer.member("in_flight", inFlight)
      writer.endObject()
    }
    var clients: [ModernClient: Int] = [:]
    for (channel, session, _) in mcpHTTP.requests.values {
      clients[ModernClient(name: channel.name, version: channel.version, view: session.view.key), default: 0] += 1
    }
    for (client, count) in clients.sorted(by: { $0.key < $1.key }) {
      row(client.name, client.version, .modern, client.view, count)
    }
    for channel in mcpHTTP.eventSessions.values {
      row(channel.name, channel.version, channel.era, channel.session.view.key, channel.abandons.count)
    }
    for channel in mcpHTTP.sessions.sessions {
      row(channel.name, channel.version, channel.era, channel.session.view.key, channel.abandons.count)
    }
  }
}

/// What requests without a session have in common.
private struct ModernClient: Hashable, Comparable {
  let name: String?
  let version: String?
  let view: MCPView.Key

  private var text: String {
    "\(name ?? "")\n\(version ?? "")\n\(view.scope.text ?? "")\n\(view.exposure.rawValue)"
  }

  static func < (left: ModernClient, right: ModernClient) -> Bool { left.text < right.text }
}
