import Protocol

/// What is to be done about a message of an MCP client.
enum MCPDecision {
  /// Nothing, not even an answer.
  case ignore
  case refuse(MCPRefusal)
  /// Answer `initialize` at this revision.
  case initialize(RequestID, ProtocolRevision)
  case pong(RequestID)
  /// The legacy handshake is complete.
  case confirm
  /// Serve the request; it counts as in flight until `MCPSessionState.end(_:)`.
  case serve(RequestID, MCPMethod, ProtocolRevision)
  /// The client has cancelled this request, which was in flight.
  case cancel(RequestID)
}

/// A JSON-RPC error response.
struct MCPRefusal: Error {
  /// Nil when the request's could not be read.
  let id: RequestID?
  let code: Int
  let message: String
  var data: JSONSlice?
}
