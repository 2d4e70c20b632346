/// Why a text is not one JSON-RPC 2.0 message, with what an answer needs: `code` and, where it could be read, `id`.
package enum JSONRPCError: Error, Sendable, Hashable {
  /// Not JSON at all.
  case notJSON(JSONError)
  /// An array: a batch, which MCP has in its revision of 2025-03-26 only. Readers that take one look for it first.
  case batch
  /// JSON, but neither object nor array.
  case notAnObject
  /// A member of the message object occurs twice, so readers could disagree about what it says.
  case repeatedMember(String, id: RequestID?)
  /// `jsonrpc` is missing or not "2.0".
  case wrongVersion(id: RequestID?)
  /// `id` is neither a string of at most `RequestID.longestText` bytes nor a 64-bit integer; null is allowed in error responses only.
  case invalidID
  /// `method` is not a string.
  case invalidMethod(id: RequestID?)
  /// `params` is neither object nor array nor null.
  case invalidParams(id: RequestID?)
  /// `error` is not an object.
  case invalidError(id: RequestID?)
  /// A result without an id.
  case missingID
  /// `method` together with `result` or `error`.
  case mixedRequestAndResponse(id: RequestID?)
  /// `result` together with `error`.
  case resultAndError(id: RequestID?)
  /// Neither `method`, `result` nor `error`.
  case noContent(id: RequestID?)

  /// The JSON-RPC error code of the answer: -32700 (parse error) or -32600 (invalid request).
  package var code: Int {
    if case .notJSON = self { return -32700 }
    return -32600
  }

  /// The id of the message, if it has one that can be read without doubt.
  package var id: RequestID? {
    switch self {
    case .notJSON, .batch, .notAnObject, .invalidID, .missingID:
      nil
    case .repeatedMember(_, let id), .wrongVersion(let id), .invalidMethod(let id), .invalidParams(let id),
      .invalidError(let id), .mixedRequestAndResponse(let id), .resultAndError(let id), .noContent(let id):
      id
    }
  }
}

// MARK: CustomStringConvertible

extension JSONRPCError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notJSON(let error): "not JSON: \(error)"
    case .batch: "a batch, which only the MCP revision 2025-03-26 has"
    case .notAnObject: "a JSON-RPC message must be an object"
    case .repeatedMember(let name, _): "member \"\(name)\" is repeated"
    case .wrongVersion: "member \"jsonrpc\" must be \"2.0\""
    case .invalidID: "member \"id\" must be an integer or a string of at most \(RequestID.longestText) bytes"
    case .invalidMethod: "member \"method\" must be a string"
    case .invalidParams: "member \"params\" must be an object or an array"
    case .invalidError: "member \"error\" must be an object"
    case .missingID: "a result must have an id"
    case .mixedRequestAndResponse: "a message cannot be both request and response"
    case .resultAndError: "a response cannot have both result and error"
    case .noContent: "a message must have a method, a result or an error"
    }
  }
}
