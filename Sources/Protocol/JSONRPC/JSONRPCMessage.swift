/// One JSON-RPC 2.0 message, its parts as slices of the text that came in.
package struct JSONRPCMessage: Sendable {
  /// What the message is, decided once from the members it has.
  package enum Kind: Sendable, Hashable {
    case request(id: RequestID, method: String)
    case notification(method: String)
    case response(id: RequestID)
    /// Without an id (absent or null) if the other side could not read ours.
    case errorResponse(id: RequestID?)
  }

  package let kind: Kind
  /// An object or an array, for `.request` and `.notification` only; nil if absent or null, which some implementations
  /// write for "none".
  package let params: JSONSlice?
  /// Any value, for `.response` only.
  package let result: JSONSlice?
  /// An object, for `.errorResponse` only.
  package let error: JSONSlice?
  /// The whole message.
  package let raw: JSONSlice

  /// Validates and reads one message. Members that JSON-RPC does not know are allowed, but not twice.
  package init(parsing bytes: [UInt8], limits: JSONLimits = .message) throws(JSONRPCError) {
    let slice: JSONSlice
    do {
      slice = try JSONSlice(validating: bytes, limits: limits)
    } catch {
      throw .notJSON(error)
    }
    try self.init(slice)
  }

  /// Reads one message out of JSON that is already validated.
  package init(_ slice: JSONSlice) throws(JSONRPCError) {
    switch slice.kind {
    case .object: break
    case .array: throw .batch
    default: throw .notAnObject
    }
    let parts = JSONRPCParts(slice)
    raw = slice
    result = parts.result
    error = parts.error
    kind = try parts.kind()
    switch kind {
    case .request, .notification:
      params = parts.params.flatMap { $0.isNull ? nil : $0 }
      if let params, params.kind != .object, params.kind != .array { throw .invalidParams(id: parts.readableID) }
    case .response, .errorResponse:
      params = nil
    }
  }

  /// `error.code`; nil if this is not an error response or it has no integer code.
  package var errorCode: Int? { error?.member("code")?.int }

  /// `error.message`; nil if this is not an error response or it has no message text.
  package var errorMessage: String? { error?.member("message")?.string }
}
