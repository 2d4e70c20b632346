/// The keys of `_meta` that 2026-07-28 defines (mcp-checklist §1.3).
package enum MetaKey {
  /// What all of them begin with.
  package static let prefix = "io.modelcontextprotocol/"

  package static let protocolVersion = "io.modelcontextprotocol/protocolVersion"
  package static let clientCapabilities = "io.modelcontextprotocol/clientCapabilities"
  package static let clientInfo = "io.modelcontextprotocol/clientInfo"
  package static let serverInfo = "io.modelcontextprotocol/serverInfo"
  package static let logLevel = "io.modelcontextprotocol/logLevel"
  package static let subscriptionID = "io.modelcontextprotocol/subscriptionId"
}
