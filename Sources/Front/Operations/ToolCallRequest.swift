import Protocol

/// The decoded body of `POST /v1/tools/call`. Values are slices of the body, untouched.
struct ToolCallRequest {
  let capabilityID: String
  let arguments: JSONSlice
  /// A JSON string, or nil for null and absent.
  let requestID: JSONSlice?

  /// How deep a body may nest; real arguments are far below, and recursive parsers of upstreams survive it.
  static let limits = JSONLimits(maxBytes: Frame.maximumLength, maxDepth: 256)

  /// Decodes in the order of the contract's checks (§3.4). On failure `requestID` is the request's as far as it could be
  /// read, so that the answer echoes it.
  static func decode(_ body: [UInt8]) -> Result<ToolCallRequest, Refusal> {
    do {
      return decode(try JSONSlice(validating: body, limits: limits))
    } catch {
      return .failure(Refusal(reason: "invalid_json", message: "The body is not JSON: \(error)."))
    }
  }

  static func decode(_ body: JSONSlice) -> Result<ToolCallRequest, Refusal> {
    guard body.kind == .object else {
      return .failure(Refusal(reason: "invalid_field", message: "The body must be a JSON object."))
    }
    var capabilityID: JSONSlice?
    var arguments: JSONSlice?
    var requestID: JSONSlice?
    var repeated: String?
    for (key, value) in body.members {
      if key.isString("capability_id") {
        if capabilityID != nil { repeated = "capability_id" }
        capabilityID = value
      } else if key.isString("args") {
        if arguments != nil { repeated = "args" }
        arguments = value
      } else if key.isString("request_id") {
        if requestID != nil { repeated = "request_id" }
        requestID = value
      }
    }
    func refuse(_ message: String) -> Result<ToolCallRequest, Refusal> {
      .failure(Refusal(reason: "invalid_field", message: message, requestID: repeated == nil ? requestID : nil))
    }
    // Policy would read one of the two, the upstream the other.
    if let repeated { return refuse("The member \(repeated) occurs twice.") }
    guard let capabilityID else { return refuse("The member capability_id is missing.") }
    guard let id = capabilityID.string else { return refuse("The member capability_id must be a string.") }
    if let requestID, requestID.kind != .string, requestID.kind != .null {
      return refuse("The member request_id must be a string or null.")
    }
    guard let arguments else { return refuse("The member args is missing.") }
    guard arguments.kind == .object else { return refuse("args must be a JSON object") }
    if let name = arguments.firstRepeatedMember() { return refuse("The member \(name) of args occurs twice.") }
    return .success(
      ToolCallRequest(
        capabilityID: id, arguments: arguments, requestID: requestID?.kind == .string ? requestID : nil))
  }

  /// A body that is no tool call: always 400 `INVALID_ARGS`.
  struct Refusal: Error {
    let reason: String
    let message: String
    var requestID: JSONSlice?

    var failure: OperationFailure {
      OperationFailure(status: 400, code: .invalidArgs, message: message, reason: reason)
    }
  }
}
