import Protocol

/// What a POST to an endpoint of MCP is.
enum MCPPost {
  /// A request of 2026-07-28, with headers that fit.
  case request(JSONRPCMessage, RequestID, method: String, ProtocolRevision, AcceptedForms)
  /// A notification of 2026-07-28: taken and dropped, for none has a meaning over HTTP.
  case notification
  /// A message of a revision with sessions.
  case legacy(JSONRPCMessage, AcceptedForms)
  /// An array, which only sessions of 2025-03-26 take.
  case batch(JSONSlice, AcceptedForms)
}
