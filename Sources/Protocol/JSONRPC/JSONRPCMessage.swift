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
  /// An object or an array; nil if absent or null, which some implementations write for "none".
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
    let parts = Parts(slice)
    raw = slice
    params = parts.params.flatMap { $0.isNull ? nil : $0 }
    result = parts.result
    error = parts.error
    kind = try parts.kind()
    if let params, params.kind != .object, params.kind != .array { throw .invalidParams(id: parts.readableID) }
  }

  /// `error.code`; nil if this is not an error response or it has no integer code.
  package var errorCode: Int? { error?.member("code")?.int }

  /// `error.message`; nil if this is not an error response or it has no message text.
  package var errorMessage: String? { error?.member("message")?.string }
}

extension JSONRPCMessage {
  /// The members of a message as one walk finds them.
  private struct Parts {
    private var version: JSONSlice?
    private var id: JSONSlice?
    private var method: JSONSlice?
    private(set) var params: JSONSlice?
    private(set) var result: JSONSlice?
    private(set) var error: JSONSlice?
    private var repeated: String?
    private var isIDRepeated = false

    init(_ object: JSONSlice) {
      var others = 0
      for (key, value) in object.members {
        switch Name(key) {
        case .jsonrpc: set(\.version, value, key)
        case .id:
          isIDRepeated = id != nil
          set(\.id, value, key)
        case .method: set(\.method, value, key)
        case .params: set(\.params, value, key)
        case .result: set(\.result, value, key)
        case .error: set(\.error, value, key)
        case nil: others += 1
        }
      }
      if others > 1, repeated == nil { repeated = object.firstRepeatedMember() }
    }

    private mutating func set(_ part: WritableKeyPath<Parts, JSONSlice?>, _ value: JSONSlice, _ key: JSONSlice) {
      if self[keyPath: part] != nil, repeated == nil { repeated = key.string }
      self[keyPath: part] = value
    }

    var readableID: RequestID? { isIDRepeated ? nil : id.flatMap { RequestID($0) } }

    func kind() throws(JSONRPCError) -> Kind {
      let readableID = readableID
      if let repeated { throw .repeatedMember(repeated, id: readableID) }
      guard let version, version.isString("2.0") else { throw .wrongVersion(id: readableID) }
      if let method {
        guard result == nil, error == nil else { throw .mixedRequestAndResponse(id: readableID) }
        if id != nil, readableID == nil { throw .invalidID }
        guard let name = method.string else { throw .invalidMethod(id: readableID) }
        if let readableID { return .request(id: readableID, method: name) }
        return .notification(method: name)
      }
      if let error {
        guard result == nil else { throw .resultAndError(id: readableID) }
        if let id, readableID == nil, !id.isNull { throw .invalidID }
        guard error.kind == .object else { throw .invalidError(id: readableID) }
        return .errorResponse(id: readableID)
      }
      guard result != nil else { throw .noContent(id: readableID) }
      guard id != nil else { throw .missingID }
      guard let readableID else { throw .invalidID }
      return .response(id: readableID)
    }
  }

  /// The member names of JSON-RPC 2.0.
  private enum Name {
    case jsonrpc, id, method, params, result, error

    init?(_ key: JSONSlice) {
      if key.isString("jsonrpc") {
        self = .jsonrpc
      } else if key.isString("id") {
        self = .id
      } else if key.isString("method") {
        self = .method
      } else if key.isString("params") {
        self = .params
      } else if key.isString("result") {
        self = .result
      } else if key.isString("error") {
        self = .error
      } else {
        return nil
      }
    }
  }
}
