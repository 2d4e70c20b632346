import Protocol

/// A JSON-RPC error object of the upstream.
struct UpstreamError: Error {
  /// Longest message that goes into sentences of ours, in characters: three lists that fail with megabytes of words
  /// would not fit into one frame.
  static let longestMessage = 500

  let code: Int
  var message: String
  /// The object as it came, for who asked.
  let object: JSONSlice

  /// Of an answer that could not be used.
  init(_ failure: CallFailure) {
    code = MCPErrorCode.invalidRequest
    message = failure.detail
    object = .emptyObject
  }

  init(_ response: JSONRPCMessage) {
    code = response.errorCode ?? 0
    message = response.errorMessage?.clipped(to: Self.longestMessage) ?? "no message"
    object = response.error ?? .emptyObject
  }
}
