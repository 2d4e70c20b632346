import Protocol

/// The revisions of MCP as a server names them on the wire.
package enum MCPVersion {
  /// Without handshake: every request carries its version in `params._meta`.
  package static let modern = ProtocolRevision.newestModern.rawValue

  /// With the `initialize` handshake, newest first.
  package static let legacy = ProtocolRevision.allCases.reversed().filter { $0.era == .legacy }.map(\.rawValue)

  /// What `initialize` answers: the client's version when it is one of `legacy`, else the newest of them. The modern
  /// revision is never the outcome of a handshake.
  package static func negotiated(_ requested: String) -> String {
    legacy.contains(requested) ? requested : ProtocolRevision.newestLegacy.rawValue
  }
}
