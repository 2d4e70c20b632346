/// The codes of failure envelopes (contract §3.3); the set is closed.
package enum ErrorCode: String, Sendable, CaseIterable {
  case invalidArgs = "INVALID_ARGS"
  case toolNotFound = "TOOL_NOT_FOUND"
  case resourceNotFound = "RESOURCE_NOT_FOUND"
  case promptNotFound = "PROMPT_NOT_FOUND"
  case serverUnreachable = "SERVER_UNREACHABLE"
  case upstreamTimeout = "UPSTREAM_TIMEOUT"
  case upstreamError = "UPSTREAM_ERROR"
  case internalError = "INTERNAL_ERROR"
}
