import Protocol

/// The decoded body of a call, read or get. Values are slices of the body, untouched.
struct OperationRequest {
  let kind: EntryKind
  /// The public id of what it is about.
  var id: String
  /// `args` of a tool call (an object), `arguments` of a prompt (not checked yet); nil for a resource.
  let payload: JSONSlice?
  /// A JSON string, or nil for null and absent.
  let requestID: JSONSlice?
  var key: IdempotencyKey?
  /// What the client wrote in its place; nil: the id itself.
  var asked: String?
  /// Set by surfaces where clients name servers themselves.
  var route: OperationRoute?
  var meta: JSONSlice?
  var completion: CompletionRequest?

  /// Longest `request_id`, in bytes as JSON: it is written into every answer.
  static let longestRequestID = 1024

  /// How deep a body may nest; real arguments are far below, and recursive parsers of upstreams survive it.
  static let limits = JSONLimits(maxBytes: Frame.maximumLength, maxDepth: 256)

  /// Decodes in the order of the contract's checks (§3.4). On failure `requestID` is the request's as far as it could be
  /// read, so that the answer echoes it.
  static func decode(_ kind: EntryKind, _ body: [UInt8]) -> Result<OperationRequest, Refusal> {
    do {
      return read(kind, try JSONSlice(validating: body, limits: limits))
    } catch {
      return .failure(Refusal(reason: "invalid_json", message: "The body is not JSON: \(error)."))
    }
  }

  /// The same for a body inside a message that was validated already, with limits that are not ours: what a frame may
  /// nest is more than what fits into a frame of a worker.
  static func decode(_ kind: EntryKind, _ body: JSONSlice) -> Result<OperationRequest, Refusal> {
    decode(kind, Array(body.bytes))
  }

  private static func read(_ kind: EntryKind, _ body: JSONSlice) -> Result<OperationRequest, Refusal> {
    guard body.kind == .object else {
      return .failure(Refusal(reason: "invalid_field", message: "The body must be a JSON object."))
    }
    var members = Members(kind)
    for (key, value) in body.members { members.note(key, value) }
    do throws(Refusal) {
      return .success(try members.request())
    } catch {
      return .failure(error)
    }
  }

  /// With the `_meta` of the MCP request that it came in.
  func with(meta params: JSONSlice?) -> OperationRequest {
    var request = self
    request.meta = params?.member("_meta")
    return request
  }

  /// With the key of the request's headers, which may say the same as the body and no more.
  func keyed(by head: RequestHead) -> Result<OperationRequest, Refusal> {
    var request = self
    for (name, header) in [
      ("Idempotency-Key", head.idempotencyKey), ("X-Idempotency-Key", head.olderIdempotencyKey),
    ] {
      let text: String
      switch header {
      case .absent: continue
      case .repeated: return .failure(refusal("The header \(name) occurs twice."))
      case .once(let value): text = IdempotencyKey.unquoted(value)
      }
      guard IdempotencyKey.isAcceptable(text) else { return .failure(refusal("The header \(name) \(Self.keyRule).")) }
      guard request.key == nil || request.key?.text == text else {
        return .failure(refusal("The header \(name) has another idempotency key than the rest of the request."))
      }
      request.key = IdempotencyKey(text: text)
    }
    return .success(request)
  }

  /// Ends a sentence about a key.
  fileprivate static let keyRule =
    "must have 1 to \(IdempotencyKey.longest) printable ASCII characters, without spaces at its ends"

  private func refusal(_ message: String) -> Refusal {
    Refusal(reason: "invalid_field", message: message, requestID: requestID)
  }

  /// A body that is no operation: always 400 `INVALID_ARGS`.
  struct Refusal: Error {
    let reason: String
    let message: String
    var requestID: JSONSlice?
    /// The public id, when its arguments are what is wrong.
    var entryID: String?

    var failure: OperationFailure {
      var failure = OperationFailure(status: 400, code: .invalidArgs, message: message, reason: reason)
      if entryID != nil { failure.argumentFault = .certain }
      return failure
    }
  }
}

/// The members of a body as one walk finds them, not yet judged.
private struct Members {
  private let kind: EntryKind
  private var id: JSONSlice?
  private var payload: JSONSlice?
  private var requestID: JSONSlice?
  private var key: JSONSlice?
  private var repeated: String?
  /// Not even echoed.
  private var isRequestIDTooLong = false

  init(_ kind: EntryKind) { self.kind = kind }

  private var payloadName: String? {
    switch kind {
    case .capability: "args"
    case .prompt: "arguments"
    case .resource: nil
    }
  }

  mutating func note(_ key: JSONSlice, _ value: JSONSlice) {
    if key.isString(kind.idMember) {
      if id != nil { repeated = kind.idMember }
      id = value
    } else if let payloadName, key.isString(payloadName) {
      if payload != nil { repeated = payloadName }
      payload = value
    } else if key.isString("request_id") {
      if requestID != nil || isRequestIDTooLong { repeated = "request_id" }
      if value.range.count > OperationRequest.longestRequestID { isRequestIDTooLong = true }
      requestID = isRequestIDTooLong ? nil : value
    } else if key.isString("idempotency_key") {
      if self.key != nil { repeated = "idempotency_key" }
      self.key = value
    }
  }

  func request() throws(OperationRequest.Refusal) -> OperationRequest {
    // Policy would read one of the two, the upstream the other.
    if let repeated { throw refusal("The member \(repeated) occurs twice.", echo: false) }
    guard let id else { throw refusal("The member \(kind.idMember) is missing.") }
    guard let name = id.string else { throw refusal("The member \(kind.idMember) must be a string.") }
    if isRequestIDTooLong {
      throw refusal("The member request_id must have at most \(OperationRequest.longestRequestID) bytes.")
    }
    if let requestID, requestID.kind != .string, requestID.kind != .null {
      throw refusal("The member request_id must be a string or null.")
    }
    if kind == .capability { try checkArguments(of: name) }
    return OperationRequest(
      kind: kind, id: name, payload: payload, requestID: requestID?.kind == .string ? requestID : nil,
      key: try idempotencyKey())
  }

  private func idempotencyKey() throws(OperationRequest.Refusal) -> IdempotencyKey? {
    guard let key, !key.isNull else { return nil }
    guard let text = key.string else { throw refusal("The member idempotency_key must be a string or null.") }
    guard IdempotencyKey.isAcceptable(text) else {
      throw refusal("The member idempotency_key \(OperationRequest.keyRule).")
    }
    return IdempotencyKey(text: text)
  }

  private func checkArguments(of id: String) throws(OperationRequest.Refusal) {
    guard let payload else { throw refusal("The member args is missing.", of: id) }
    guard payload.kind == .object else { throw refusal("args must be a JSON object", of: id) }
    if let name = payload.firstRepeatedMember() { throw refusal("The member \(name) of args occurs twice.", of: id) }
  }

  private func refusal(_ message: String, of id: String? = nil, echo: Bool = true) -> OperationRequest.Refusal {
    OperationRequest.Refusal(
      reason: "invalid_field", message: message, requestID: echo ? requestID : nil, entryID: id)
  }
}
