import Protocol

/// `JSONRPCMessage`: accepts what the rules allow, and what it says about a message is what the message says.
struct JSONRPCFuzzTarget: FuzzTarget {
  static let name = "jsonrpc"

  static let tokens: [[UInt8]] = [
    "\"jsonrpc\":\"2.0\",", "\"id\":1,", "\"id\":\"a\",", "\"id\":null,", "\"id\":1.0,", "\"id\":true,", "\"id\":[],",
    "\"id\":9223372036854775808,", "\"method\":\"a\",", "\"method\":1,", "\"params\":{},", "\"params\":[],",
    "\"params\":null,", "\"params\":0,", "\"result\":1,", "\"result\":{},", "\"error\":{\"code\":1,\"message\":\"m\"},",
    "\"error\":1,", "\"\\u0069d\":2,", "\"x\":1,", "\"y\":1,", "[", "]", "{", "}", ",", "\n", "\\ud800",
  ].map { Array($0.utf8) }

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    let reference = JSONReference(input, maxDepth: JSONLimits.message.maxDepth)
    let message: JSONRPCMessage
    do {
      message = try JSONRPCMessage(parsing: input)
    } catch {
      try require((error.code == -32700) == (reference == nil), "\(error), code \(error.code)")
      if let reference {
        try require(Self.mayBeRefused(reference), "refused (\(error)), but nothing is wrong with it")
        try checkID(error.id, reference)
      }
      return
    }
    guard let reference else { throw FuzzFailure("accepted, but it is not JSON") }
    try check(message, reference)
    try checkCopy(message)
  }

  func signature(of input: [UInt8]) -> UInt64 {
    do {
      switch try JSONRPCMessage(parsing: input).kind {
      case .request(.int, _): return 1
      case .request(.string, _): return 2
      case .notification: return 3
      case .response: return 4
      case .errorResponse(nil): return 5
      case .errorResponse: return 6
      }
    } catch .notJSON(let error) {
      return UInt64(error.reason.utf8.count) << 8
    } catch {
      return UInt64(error.description.utf8.count) << 16
    }
  }

  private func check(_ message: JSONRPCMessage, _ object: JSONReference) throws {
    guard case .object = object else { throw FuzzFailure("accepted, but it is not an object") }
    try require(!object.hasRepeatedMember, "accepted with a repeated member")
    try require(object["jsonrpc"] == .string(Array("2.0".utf8)), "accepted with another version")
    let params = object["method"] == nil || object["params"] == .null ? nil : object["params"]
    try require(value(message.params) == params, "other params")
    try require(value(message.result) == object["result"], "another result")
    try require(value(message.error) == object["error"], "another error")
    switch message.kind {
    case .request(let id, let method):
      try require(object["method"] == .string(Array(method.utf8)), "another method")
      try require(object["result"] == nil && object["error"] == nil, "a request that is a response")
      try require(object["id"] != nil, "a request without id")
      try checkID(id, object)
    case .notification(let method):
      try require(object["method"] == .string(Array(method.utf8)), "another method")
      try require(object["id"] == nil && object["result"] == nil && object["error"] == nil, "not a notification")
    case .response(let id):
      try require(object["method"] == nil && object["result"] != nil && object["error"] == nil, "not a response")
      try checkID(id, object)
    case .errorResponse(let id):
      try require(object["method"] == nil && object["result"] == nil, "not an error response")
      guard case .object? = object["error"] else { throw FuzzFailure("an error that is not an object") }
      try require((id == nil) == (object["id"] == nil || object["id"] == .null), "an id lost or invented")
      try checkID(id, object)
    }
  }

  private func value(_ slice: JSONSlice?) -> JSONReference? {
    slice.flatMap { JSONReference(Array($0.bytes), maxDepth: JSONLimits.message.maxDepth) }
  }

  private func checkID(_ id: RequestID?, _ object: JSONReference) throws {
    switch id {
    case .int(let number):
      guard case .number(let text)? = object["id"], object.all("id").count == 1 else {
        throw FuzzFailure("a number as id that is not there")
      }
      try require(Int64(text) == number, "another id")
    case .string(let text):
      try require(object.all("id") == [.string(Array(text.utf8))], "another id")
    case nil:
      break
    }
  }

  /// What we write for the message reads back as the same message, on one line.
  private func checkCopy(_ message: JSONRPCMessage) throws {
    let copy: [UInt8]
    let params = message.params.map { params in { (writer: inout JSONWriter) in writer.splice(params) } }
    switch message.kind {
    case .request(let id, let method):
      copy = JSONRPCWriter.request(id: id, method: method, params: params)
    case .notification(let method):
      copy = JSONRPCWriter.notification(method: method, params: params)
    case .response(let id):
      guard let result = message.result else { throw FuzzFailure("a response without result") }
      copy = JSONRPCWriter.result(id: id, result)
    case .errorResponse(let id):
      copy = JSONRPCWriter.error(id: id, code: message.errorCode ?? 0, message: "m", data: message.error)
    }
    try require(!copy.contains { $0 == 0x0A || $0 == 0x0D }, "a line break in one line")
    // Wrapping an error in another adds a level.
    let again = try JSONRPCMessage(parsing: copy, limits: JSONLimits(maxBytes: .max, maxDepth: 1024))
    try require(again.kind == message.kind, "\(message.kind) reads back as \(again.kind)")
    try require(value(again.params) == value(message.params), "params read back differently")
    try require(value(again.result) == value(message.result), "the result reads back differently")
  }

  /// Whether any rule for messages is broken, looked at one by one.
  private static func mayBeRefused(_ object: JSONReference) -> Bool {
    guard case .object = object else { return true }
    if object.hasRepeatedMember { return true }
    if object["jsonrpc"] != .string(Array("2.0".utf8)) { return true }
    let isRequest = object["method"] != nil
    let responses = [object["result"], object["error"]].compactMap { $0 }.count
    if isRequest ? responses > 0 : responses != 1 { return true }
    switch object["method"] {
    case nil, .string: break
    default: return true
    }
    switch object["params"] {
    case nil, .null, .object, .array: break
    default: if isRequest { return true }
    }
    switch object["error"] {
    case nil, .object: break
    default: return true
    }
    switch object["id"] {
    case nil: return !isRequest && object["error"] == nil
    case .null: return object["error"] == nil
    case .number(let text): return Int64(text) == nil
    // U+FFFD can be a lone surrogate, which is refused, or itself.
    case .string(let bytes): return String(decoding: bytes, as: UTF8.self).unicodeScalars.contains("\u{FFFD}")
    default: return true
    }
  }
}
