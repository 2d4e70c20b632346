/// How to reach an upstream that speaks MCP over streamable HTTP.
package struct HTTPEntry: Sendable, Equatable {
  package var url: String
  /// Proposed in the handshake instead of probing.
  package var protocolVersion: String?
  /// nil: a missing session id is accepted; false: it fails the handshake; true: POST only.
  package var allowStateless: Bool?
  /// In file order.
  package var headers: [NamedValue] = []
  package var auth: ServerAuth?
  /// PEM file of private certificate authorities; a relative path starts at the directory of the configuration.
  package var caFile: String?

  package init(url: String) {
    self.url = url
  }
}
