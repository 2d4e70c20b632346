import Configuration
import Protocol

/// A POST that belongs to a session, or opens one.
struct SessionPost {
  let exchange: HTTPExchange
  let endpoint: MCPEndpoint
  let scope: ScopeName
  let exposure: Exposure?
  let check: MCPRequestCheck
  let accepts: AcceptedForms

  /// Whether it asks for a session of its own.
  func opensSession(with message: JSONRPCMessage) -> Bool {
    guard case .request(_, MCPMethod.initialize.rawValue) = message.kind else { return false }
    return check.fields.session == .absent
  }
}
