import Protocol
import Testing

/// The frames between supervisor and worker: what is written is read back, and payloads keep their bytes.
@Suite struct WorkerFrameTests {
  static let payload = #"{"n": 12345678901234567890, "x": 1.0, "s": "\u00e9"}"#
  private let operation = OperationID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210)

  private func readCall(_ frame: CallFrame) throws -> CallFrame? {
    let message = try JSONRPCMessage(parsing: frame.encoded())
    guard case .request(let id, WorkerMethod.call) = message.kind else { return nil }
    return CallFrame(id: id, params: message.params)
  }

  // MARK: OperationID

  @Test func operationIDText() throws {
    #expect(operation.description == "0123456789abcdeffedcba9876543210")
    #expect(OperationID("0123456789abcdeffedcba9876543210") == operation)
    #expect(OperationID("0000000000000000000000000000000f") == OperationID(high: 0, low: 15))
    for _ in 0..<100 {
      let random = OperationID.random()
      #expect(OperationID(random.description) == random)
    }
  }

  @Test(arguments: [
    "", "0", "0123456789ABCDEFFEDCBA9876543210", "0123456789abcdeffedcba987654321", "0123456789abcdeffedcba98765432100",
    "0123456789abcdef-edcba9876543210", "g123456789abcdeffedcba9876543210", "0123456789abcdeffedcba98765432é",
    " 123456789abcdeffedcba9876543210", "+123456789abcdeffedcba9876543210", "０123456789abcdeffedcba987654",
  ])
  func noOperationID(text: String) {
    #expect(OperationID(text) == nil)
  }

  // MARK: CallFrame

  @Test func callKeepsEveryByte() throws {
    let frame = CallFrame(
      operation: operation, blob: .trusted(#"{ "id" : 1.0 }"#), method: "tools/call",
      parameters: .trusted(#"{"name":"echo","arguments":\#(Self.payload)}"#), timeoutMilliseconds: 1500,
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", wantsProgress: true, logLevel: .notice,
      acknowledged: [OperationID(high: 0, low: 1), OperationID(high: 0, low: 2)])
    let read = try #require(try readCall(frame))
    #expect(read.operation == operation && read.method == "tools/call" && read.timeoutMilliseconds == 1500)
    #expect(read.blob.text == #"{ "id" : 1.0 }"#)
    #expect(read.parameters.text == #"{"name":"echo","arguments":\#(Self.payload)}"#)
    #expect(read.traceparent == frame.traceparent && read.wantsProgress && read.acknowledged == frame.acknowledged)
    #expect(read.logLevel == .notice)
  }

  @Test func bareCall() throws {
    let frame = CallFrame(
      operation: operation, blob: .null, method: "m", parameters: .emptyObject, timeoutMilliseconds: 0,
      traceparent: nil, wantsProgress: false, acknowledged: [])
    let read = try #require(try readCall(frame))
    #expect(read.blob.isNull && read.traceparent == nil && !read.wantsProgress && read.acknowledged.isEmpty)
    #expect(read.logLevel == nil)
    #expect(
      String(decoding: frame.encoded(), as: UTF8.self)
        == #"{"jsonrpc":"2.0","id":"0123456789abcdeffedcba9876543210","method":"call","params":"#
        + #"{"blob":null,"method":"m","timeoutMs":0,"params":{}}}"#)
  }

  @Test func prettyPrintedParametersAreOneLine() throws {
    let frame = CallFrame(
      operation: operation, blob: .null, method: "m", parameters: .trusted("{\n  \"a\" : [ 1.0,\r\n  2 ]\n}"),
      timeoutMilliseconds: 1, traceparent: nil, wantsProgress: false, acknowledged: [])
    #expect(!frame.encoded().contains { $0 == 0x0a || $0 == 0x0d })
    #expect(try readCall(frame)?.parameters.text == #"{  "a" : [ 1.0,  2 ]}"#)
  }

  @Test(arguments: [
    #"{"method":"m","timeoutMs":1,"params":{}}"#, #"{"blob":1,"timeoutMs":1,"params":{}}"#,
    #"{"blob":1,"method":"m","params":{}}"#, #"{"blob":1,"method":"m","timeoutMs":1}"#,
    #"{"blob":1,"method":"m","timeoutMs":1,"params":[]}"#, #"{"blob":1,"method":"m","timeoutMs":1,"params":null}"#,
    #"{"blob":1,"method":7,"timeoutMs":1,"params":{}}"#, #"{"blob":1,"method":"m","timeoutMs":-1,"params":{}}"#,
    #"{"blob":1,"method":"m","timeoutMs":1.5,"params":{}}"#, #"{"blob":1,"method":"m","timeoutMs":"1","params":{}}"#,
    #"{"blob":1,"method":"m","timeoutMs":9223372036854775808,"params":{}}"#, "[]", "{}", "null",
  ])
  func incompleteCall(params: String) {
    #expect(CallFrame(id: .string(operation.description), params: .trusted(params)) == nil)
  }

  @Test func foreignIDs() {
    let params = JSONSlice.trusted(#"{"blob":1,"method":"m","timeoutMs":1,"params":{}}"#)
    #expect(CallFrame(id: .string(operation.description), params: params) != nil)
    for id in [.int(1), .string("x"), .string("")] as [RequestID] { #expect(CallFrame(id: id, params: params) == nil) }
    #expect(CallFrame(id: .string(operation.description), params: nil) == nil)
  }

  @Test(arguments: [(CallFrame.longestBlob, true), (CallFrame.longestBlob + 1, false)])
  func theBlobIsBounded(size: Int, isAccepted: Bool) {
    let blob = "\"\(String(repeating: "x", count: size - 2))\""
    let params = JSONSlice.trusted(#"{"blob":\#(blob),"method":"m","timeoutMs":1,"params":{}}"#)
    #expect((CallFrame(id: .string(operation.description), params: params) != nil) == isAccepted)
  }

  /// What is not understood in an optional member is as if it were missing.
  @Test func oddOptionalMembers() throws {
    let params = """
      {"blob":1,"method":"m","timeoutMs":1,"params":{},"traceparent":7,"progress":"yes",
       "acknowledged":["0123456789abcdeffedcba9876543210",7,"x",null],"unknown":{"a":1}}
      """
    let read = try #require(CallFrame(id: .string(operation.description), params: .trusted(params)))
    #expect(read.traceparent == nil && !read.wantsProgress && read.acknowledged == [operation])
  }

  // MARK: CallAnswer

  private func readAnswer(_ outcome: CallOutcome) throws -> CallAnswer? {
    let answer = CallAnswer(operation: operation, blob: .trusted(#"{ "b": 1.0 }"#), outcome: outcome)
    let message = try JSONRPCMessage(parsing: answer.encoded())
    guard case .response(let id) = message.kind else { return nil }
    let read = try #require(CallAnswer(id: id, result: message.result))
    #expect(read.operation == operation && read.blob.text == #"{ "b": 1.0 }"#)
    return read
  }

  @Test(arguments: [payload, "null", "[]", #""text""#, "{}"])
  func completedKeepsEveryByte(result: String) throws {
    guard case .completed(let read?)? = try readAnswer(.completed(.trusted(result)))?.outcome else {
      Issue.record("another outcome")
      return
    }
    #expect(read.text == result)
  }

  @Test func completedWithoutResult() throws {
    guard case .completed(nil)? = try readAnswer(.completed(nil))?.outcome else {
      Issue.record("another outcome")
      return
    }
  }

  @Test func rejectedKeepsEveryByte() throws {
    let error = #"{ "code": -32602, "message": "no \u00e9", "data": 1.0 }"#
    guard case .rejected(let read)? = try readAnswer(.rejected(.trusted(error)))?.outcome else {
      Issue.record("another outcome")
      return
    }
    #expect(read.text == error)
  }

  @Test(arguments: CallFailure.Reason.allCases)
  func failures(reason: CallFailure.Reason) throws {
    for code in [nil, ReadinessCode.authExpired] {
      let failure = CallFailure(reason, "it said \"no\"\n", code: code)
      guard case .failed(failure)? = try readAnswer(.failed(failure))?.outcome,
        case .notSent(failure)? = try readAnswer(.notSent(failure))?.outcome,
        case .unknown(failure)? = try readAnswer(.unknown(failure))?.outcome
      else {
        Issue.record("another outcome")
        return
      }
    }
  }

  @Test(arguments: [
    "{}", "[]", "7", #"{"blob":1}"#, #"{"outcome":"completed"}"#, #"{"blob":1,"outcome":"rejected"}"#,
    #"{"blob":1,"outcome":"lost"}"#, #"{"blob":1,"outcome":7}"#,
  ])
  func noAnswer(result: String) {
    #expect(CallAnswer(id: .string(operation.description), result: .trusted(result)) == nil)
  }

  @Test func answersOfOthers() {
    let result = JSONSlice.trusted(#"{"blob":1,"outcome":"completed"}"#)
    #expect(CallAnswer(id: .string(operation.description), result: result) != nil)
    #expect(CallAnswer(id: .int(1), result: result) == nil)
    #expect(CallAnswer(id: .string("x"), result: result) == nil)
    #expect(CallAnswer(id: .string(operation.description), result: nil) == nil)
  }

  @Test func anUnknownReasonIsAFault() {
    let result = JSONSlice.trusted(#"{"blob":1,"outcome":"unknown","reason":"of_the_future","detail":"d"}"#)
    guard
      case .unknown(CallFailure(.fault, "d"))? = CallAnswer(id: .string(operation.description), result: result)?.outcome
    else {
      Issue.record("a newer worker's reason must not lose the answer")
      return
    }
  }
}

extension JSONSlice {
  /// The value's own text.
  var text: String { String(decoding: bytes, as: UTF8.self) }
}
