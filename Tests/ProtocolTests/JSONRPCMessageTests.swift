import Protocol
import Testing

@Suite("JSON-RPC messages")
struct JSONRPCMessageTests {
  private func parse(_ text: String) throws -> JSONRPCMessage { try JSONRPCMessage(parsing: Array(text.utf8)) }

  private func text(_ slice: JSONSlice?) -> String? { slice.map { String(decoding: $0.bytes, as: UTF8.self) } }

  @Test(arguments: [
    (#"{"jsonrpc":"2.0","id":1,"method":"m"}"#, JSONRPCMessage.Kind.request(id: .int(1), method: "m")),
    (#"{"method":"m","id":"1","jsonrpc":"2.0"}"#, .request(id: .string("1"), method: "m")),
    (#"{"jsonrpc":"2.0","id":-9223372036854775808,"method":""}"#, .request(id: .int(.min), method: "")),
    (#"{"\u006asonrpc":"2\u002e0","\u0069d":"\u0061","m\u0065thod":"\n"}"#, .request(id: .string("a"), method: "\n")),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","x":1,"y":{"id":2}}"#, .request(id: .int(1), method: "m")),
    (#" {"jsonrpc":"2.0","method":"n"} "#, .notification(method: "n")),
    (#"{"jsonrpc":"2.0","id":1,"result":null}"#, .response(id: .int(1))),
    (#"{"jsonrpc":"2.0","id":1,"result":1,"params":5}"#, .response(id: .int(1))),
    (#"{"jsonrpc":"2.0","id":"","error":{}}"#, .errorResponse(id: .string(""))),
    (#"{"jsonrpc":"2.0","id":null,"error":{}}"#, .errorResponse(id: nil)),
    (#"{"jsonrpc":"2.0","error":{}}"#, .errorResponse(id: nil)),
  ])
  func kinds(_ json: String, _ kind: JSONRPCMessage.Kind) throws {
    let message = try parse(json)
    #expect(message.kind == kind)
    #expect(message.raw.buffer == Array(json.utf8))
    if case .response = kind {
      #expect(message.result != nil && message.params == nil)
    } else {
      #expect(message.result == nil)
    }
    if case .errorResponse = kind { #expect(message.error != nil) } else { #expect(message.error == nil) }
  }

  @Test func parts() throws {
    let call = try parse(#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a": 1.0}}"#)
    #expect(text(call.params) == #"{"a": 1.0}"#)
    #expect(call.errorCode == nil && call.errorMessage == nil)
    #expect(text(try parse(#"{"jsonrpc":"2.0","method":"m","params":[1]}"#).params) == "[1]")
    #expect(try parse(#"{"jsonrpc":"2.0","method":"m","params":null}"#).params == nil)
    #expect(text(try parse(#"{"jsonrpc":"2.0","id":1,"result":[ ]}"#).result) == "[ ]")
    let error = try parse(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no \u0041","data":1}}"#)
    #expect(error.errorCode == -32601)
    #expect(error.errorMessage == "no A")
    #expect(error.error?.member("data")?.int == 1)
  }

  @Test(arguments: [
    ("[]", JSONRPCError.batch), (#"[{"jsonrpc":"2.0","id":1,"method":"m"}]"#, .batch), ("1", .notAnObject),
    ("\"{}\"", .notAnObject), ("null", .notAnObject), ("{}", .wrongVersion(id: nil)),
    (#"{"id":1,"method":"m"}"#, .wrongVersion(id: .int(1))),
    (#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, .wrongVersion(id: .int(1))),
    (#"{"jsonrpc":2.0,"id":"a","method":"m"}"#, .wrongVersion(id: .string("a"))),
    (#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, .invalidID),
    (#"{"jsonrpc":"2.0","id":1.0,"method":"m"}"#, .invalidID),
    (#"{"jsonrpc":"2.0","id":1e2,"method":"m"}"#, .invalidID),
    (#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, .invalidID),
    (#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#, .invalidID), (#"{"jsonrpc":"2.0","id":{},"result":1}"#, .invalidID),
    (#"{"jsonrpc":"2.0","id":null,"result":1}"#, .invalidID), (#"{"jsonrpc":"2.0","id":false,"error":{}}"#, .invalidID),
    (#"{"jsonrpc":"2.0","id":9223372036854775808,"method":"m"}"#, .invalidID),
    (#"{"jsonrpc":"2.0","id":"\ud800","method":"m"}"#, .invalidID), (#"{"jsonrpc":"2.0","result":1}"#, .missingID),
    (#"{"jsonrpc":"2.0","id":1,"method":null}"#, .invalidMethod(id: .int(1))),
    (#"{"jsonrpc":"2.0","method":["m"]}"#, .invalidMethod(id: nil)),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}"#, .invalidParams(id: .int(1))),
    (#"{"jsonrpc":"2.0","method":"m","params":0}"#, .invalidParams(id: nil)),
    (#"{"jsonrpc":"2.0","id":1,"error":"x"}"#, .invalidError(id: .int(1))),
    (#"{"jsonrpc":"2.0","id":1,"error":null}"#, .invalidError(id: .int(1))),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","result":1}"#, .mixedRequestAndResponse(id: .int(1))),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","error":{}}"#, .mixedRequestAndResponse(id: .int(1))),
    (#"{"jsonrpc":"2.0","id":1,"result":1,"error":{}}"#, .resultAndError(id: .int(1))),
    (#"{"jsonrpc":"2.0","id":1,"result":1,"error":null}"#, .resultAndError(id: .int(1))),
    (#"{"jsonrpc":"2.0","id":1}"#, .noContent(id: .int(1))),
    // repeated members
    (#"{"jsonrpc":"2.0","id":1,"method":"m","method":"m"}"#, .repeatedMember("method", id: .int(1))),
    (#"{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"m"}"#, .repeatedMember("jsonrpc", id: .int(1))),
    (#"{"jsonrpc":"2.0","id":1,"id":1,"method":"m"}"#, .repeatedMember("id", id: nil)),
    (#"{"jsonrpc":"2.0","id":1,"id":1,"id":1,"method":"m"}"#, .repeatedMember("id", id: nil)),
    (#"{"jsonrpc":"2.0","id":1,"params":{},"\u0070arams":{},"method":"m"}"#, .repeatedMember("params", id: .int(1))),
    (#"{"jsonrpc":"2.0","id":1,"result":1,"result":1}"#, .repeatedMember("result", id: .int(1))),
    (#"{"jsonrpc":"2.0","id":1,"error":{},"error":{}}"#, .repeatedMember("error", id: .int(1))),
    (#"{"jsonrpc":"2.0","id":1,"x":1,"y":1,"x":1,"method":"m"}"#, .repeatedMember("x", id: .int(1))),
  ])
  func refuses(_ json: String, _ error: JSONRPCError) {
    #expect(throws: error) { try parse(json) }
    #expect(error.code == -32600)
    #expect(!error.description.isEmpty)
  }

  @Test func refusesWhatIsNotJSON() {
    let expected = JSONRPCError.notJSON(JSONError(kind: .unexpectedEnd, offset: 11))
    #expect(throws: expected) { try parse(#"{"jsonrpc":"#) }
    #expect(expected.code == -32700)
    #expect(expected.id == nil)
    #expect(expected.description == "not JSON: unexpected end of JSON at byte 11")
    let deep = Array((#"{"jsonrpc":"2.0","id":1,"method":"m","params":"# + String(repeating: "[", count: 10_000)).utf8)
    #expect(throws: JSONRPCError.notJSON(JSONError(kind: .tooDeep, offset: 557))) { try JSONRPCMessage(parsing: deep) }
  }

  @Test func writesWhatItReads() throws {
    let slice = try JSONSlice(validating: Array("{\n  \"a\" : 12345678901234567890,\r\n \"b\":\"\\n\"}".utf8))
    let oneLine = #"{  "a" : 12345678901234567890, "b":"\n"}"#
    let table: [([UInt8], String)] = [
      (JSONRPCWriter.request(id: .int(7), method: "m"), #"{"jsonrpc":"2.0","id":7,"method":"m"}"#),
      (
        JSONRPCWriter.request(id: .string("7\n"), method: "m\"") { $0.splice(slice) },
        #"{"jsonrpc":"2.0","id":"7\n","method":"m\"","params":\#(oneLine)}"#
      ),
      (JSONRPCWriter.notification(method: "n"), #"{"jsonrpc":"2.0","method":"n"}"#),
      (
        JSONRPCWriter.notification(method: "n") { writer in
          writer.beginObject()
          writer.member("x", slice)
          writer.endObject()
        }, #"{"jsonrpc":"2.0","method":"n","params":{"x":\#(oneLine)}}"#
      ),
      (JSONRPCWriter.result(id: .int(-1), slice), #"{"jsonrpc":"2.0","id":-1,"result":\#(oneLine)}"#),
      (JSONRPCWriter.result(id: .string("")) { $0.value(true) }, #"{"jsonrpc":"2.0","id":"","result":true}"#),
      (
        JSONRPCWriter.error(id: nil, code: -32700, message: "a\"b"),
        #"{"jsonrpc":"2.0","error":{"code":-32700,"message":"a\"b"}}"#
      ),
      (
        JSONRPCWriter.error(id: .int(1), code: 1, message: "", data: slice),
        #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"","data":\#(oneLine)}}"#
      ),
    ]
    for (bytes, expected) in table {
      #expect(String(decoding: bytes, as: UTF8.self) == expected)
      #expect(!bytes.contains(0x0A) && !bytes.contains(0x0D))
      #expect(throws: Never.self) { try JSONRPCMessage(parsing: bytes) }
    }
  }

  @Test func longIDsAreRefused() throws {
    for (text, isID) in [
      (String(repeating: "a", count: 512), true), (String(repeating: "a", count: 513), false),
      (String(repeating: "\\u0041", count: 512), true), (String(repeating: "\\u0041", count: 513), false),
      (String(repeating: "\u{E9}", count: 256), true), (String(repeating: "\u{E9}", count: 257), false),
    ] {
      let slice = try JSONSlice(validating: Array("\"\(text)\"".utf8))
      #expect((RequestID(slice) != nil) == isID)
    }
  }

  @Test func idsKeepTheirType() {
    #expect(RequestID.int(1) != .string("1"))
    #expect(RequestID.string("e\u{301}") != .string("\u{E9}"))
    #expect(Set([RequestID.string("e\u{301}"), .string("\u{E9}"), .int(1), .string("1"), .int(1)]).count == 4)
    #expect(RequestID.int(-1).description == "-1")
    #expect(RequestID.string("a\"").description == #""a\"""#)
  }
}
