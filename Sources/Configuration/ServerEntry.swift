/// One entry of `mcpServers`.
package struct ServerEntry: Sendable, Equatable {
  /// How the upstream is reached, inferred from `command` or `url`.
  package enum Transport: Sendable, Equatable {
    case stdio(StdioEntry)
    case http(HTTPEntry)
  }

  /// The member name in `mcpServers`; never empty.
  package var id: String
  package var transport: Transport
  /// Not started, and no ids of it are listed.
  package var disabled = false
  /// Replaces `toolTimeoutMs` for this server.
  package var timeoutMs: Int?
  /// 32 hex digits over the entry's JSON without whitespace and `timeout`: a reload restarts the servers for which it differs. It covers
  /// secrets and is not a cryptographic hash, so it must not be shown or logged.
  package var fingerprint = ""

  package init(id: String, transport: Transport) {
    self.id = id
    self.transport = transport
  }
}
