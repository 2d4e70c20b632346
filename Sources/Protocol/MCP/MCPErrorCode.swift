/// JSON-RPC error codes with a meaning in MCP (mcp-checklist §1.7).
package enum MCPErrorCode {
  package static let parseError = -32700
  package static let invalidRequest = -32600
  package static let methodNotFound = -32601
  package static let invalidParams = -32602
  package static let internalError = -32603
  /// Before 2026-07-28: no such resource.
  package static let resourceNotFound = -32002
  /// 2025-11-25: `data.elicitations` lists pages that a person must visit first.
  package static let elicitationRequired = -32042
  /// 2026-07-28: a header contradicts the body.
  package static let headerMismatch = -32020
  /// 2026-07-28: the request needs a client capability that was not declared.
  package static let missingCapability = -32021
  /// 2026-07-28: `data.supported` lists what the peer speaks.
  package static let unsupportedVersion = -32022

  /// Whether only a 2026-07-28 upstream gives this code.
  package static func isModern(_ code: Int) -> Bool { (unsupportedVersion...headerMismatch).contains(code) }
}
