import Protocol
import Testing

@Suite("JSON slices")
struct JSONSliceTests {
  private func slice(_ text: String) throws -> JSONSlice { try JSONSlice(validating: Array(text.utf8)) }

  private func text(_ slice: JSONSlice?) -> String? { slice.map { String(decoding: $0.bytes, as: UTF8.self) } }

  @Test(arguments: [
    ("{}", JSONKind.object), ("[]", .array), ("\"\"", .string), ("0", .number), ("-1", .number), ("true", .bool),
    ("false", .bool), ("null", .null),
  ])
  func kind(_ text: String, _ kind: JSONKind) throws {
    let value = try slice(" \(text) ")
    #expect(value.kind == kind)
    #expect(value.isNull == (kind == .null))
  }

  @Test func numbersAreCarriedByteForByte() throws {
    let body = #"{"n": 12345678901234567890, "x": 1.0, "s": "\u00e9", "e": 1E+400, "z": -0}"#
    let value = try slice(body)
    #expect(text(value) == body)
    #expect(text(value.member("n")) == "12345678901234567890")
    #expect(text(value.member("x")) == "1.0")
    #expect(text(value.member("s")) == #""\u00e9""#)
    var writer = JSONWriter()
    writer.splice(value)
    #expect(writer.finish() == Array(body.utf8))
  }

  @Test(arguments: [
    ("0", 0), ("-0", 0), ("42", 42), ("-42", -42), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
    ("9223372036854775808", nil), ("-9223372036854775809", nil), ("99999999999999999999", nil), ("1.0", nil),
    ("1e3", nil),
    ("\"1\"", nil), ("true", nil), ("[1]", nil),
  ])
  func int(_ text: String, _ expected: Int?) throws {
    #expect(try slice(text).int == expected)
  }

  @Test(
    arguments: [
      ("0", 0), ("-0.0", -0.0), ("0.1", 0.1), ("1e3", 1000), ("1E-2", 0.01), ("5e-324", .leastNonzeroMagnitude),
      ("1e-999", 0),
      ("1.7976931348623157e308", .greatestFiniteMagnitude), ("1e309", nil),
      ("12345678901234567890", 12345678901234567168),
      ("\"1\"", nil), ("null", nil),
    ] as [(String, Double?)])
  func double(_ text: String, _ expected: Double?) throws {
    #expect(try slice(text).double == expected)
  }

  @Test(arguments: [
    (#""""#, ""), (#""abc""#, "abc"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
    (#""\u0041\u00e9\u20AC""#, "Aé€"),
    (#""\ud83d\ude00""#, "😀"), (#""a\ud800b""#, "a\u{FFFD}b"), (#""\udc00""#, "\u{FFFD}"),
    (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ud83d""#, "\u{FFFD}"),
    (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\u0000""#, "\u{0}"), (#""\udbff\udfff""#, "\u{10FFFF}"),
    (#""é\\u0041""#, "é\\u0041"),
  ])
  func string(_ json: String, _ expected: String) throws {
    let value = try slice(json)
    #expect(value.string.map { Array($0.utf8) } == Array(expected.utf8))
    #expect(value.isString(expected))
    #expect(!value.isString(expected + "x"))
    #expect(!value.isString("x" + expected))
    #expect(value.int == nil && value.double == nil && value.bool == nil)
  }

  /// Equal for Swift, different for JSON.
  @Test func textIsComparedByBytes() throws {
    let value = try slice("{\"e\u{301}\":1,\"\u{E9}\":2}")
    #expect(value.member("\u{E9}")?.int == 2)
    #expect(value.member("e\u{301}")?.int == 1)
    #expect(value.firstRepeatedMember() == nil)
    #expect(try !slice("\"\u{E9}\"").isString("e\u{301}"))
  }

  @Test func member() throws {
    let value = try slice(
      """
      {"n\\u0061me" : "a", "b":{"name":"inner","]":"}"}, "c":[{"x":1},"\\"},{"], "d":1,"d":2, "":3, "a\\\\u0062":4,
       "long name with \\"quotes\\"":5, "\\ud83d\\ude00":6}
      """)
    let expected: [(String, String?)] = [
      ("name", "\"a\""), ("b", "{\"name\":\"inner\",\"]\":\"}\"}"), ("c", "[{\"x\":1},\"\\\"},{\"]"), ("d", "1"),
      ("", "3"),
      ("a\\u0062", "4"), ("ab", nil), ("long name with \"quotes\"", "5"), ("😀", "6"), ("x", nil), ("inner", nil),
      ("nam", nil), ("name ", nil), ("n\\u0061me", nil),
    ]
    for (name, json) in expected { #expect(text(value.member(name)) == json, "\(name)") }
    for other in ["[\"a\",1]", "\"a\"", "1", "null", "{}"] { #expect(try slice(other).member("a") == nil) }
  }

  @Test func membersAndElements() throws {
    let value = try slice(" { \"a\" : [ 1 , [ ] , { } , \"x,y\" , null ] ,\"b\":-1.5e3,\"a\":true} ")
    #expect(value.members.map { text($0.key) } == ["\"a\"", "\"b\"", "\"a\""])
    #expect(value.members.map { text($0.value) } == ["[ 1 , [ ] , { } , \"x,y\" , null ]", "-1.5e3", "true"])
    #expect(value.member("a")?.elements.map { text($0) } == ["1", "[ ]", "{ }", "\"x,y\"", "null"])
    #expect(Array(value.elements).isEmpty)
    #expect(try slice("[ ]").elements.map { $0.kind } == [])
    #expect(try slice("{ }").members.map { $0.key.kind } == [])
    #expect(try slice("[{\"a\":1}]").members.map { $0.key.kind } == [])
    #expect(try slice("7").elements.map { $0.kind } == [])
    #expect(try slice("[[[1],2],3]").elements.map { text($0) } == ["[[1],2]", "3"])
  }

  @Test(arguments: [
    ("{}", nil), ("{\"a\":1,\"b\":1}", nil), ("{\"a\":1,\"b\":2,\"a\":3}", "a"), ("{\"a\":1,\"\\u0061\":2}", "a"),
    ("{\"\\u0061\":1,\"\\u0061\":2}", "a"), ("{\"a\":{\"b\":1,\"b\":2}}", nil), ("[{\"a\":1,\"a\":2}]", nil),
    ("{\"\":1,\"\":2}", ""),
    ("{\"a\":1,\"A\":2}", nil), ("{\"x\":1,\"y\":1,\"y\":1,\"x\":1}", "y"),
  ])
  func firstRepeatedMember(_ json: String, _ expected: String?) throws {
    #expect(try slice(json).firstRepeatedMember() == expected)
  }

  @Test func firstRepeatedMemberOfMany() throws {
    for count in [15, 16, 17, 18, 1000] {
      let members = (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
      #expect(try slice("{\(members)}").firstRepeatedMember() == nil)
      #expect(try slice("{\(members),\"\\u006b\(count - 1)\":0}").firstRepeatedMember() == "k\(count - 1)")
      #expect(try slice("{\"k\(count - 1)\":0,\(members)}").firstRepeatedMember() == "k\(count - 1)")
    }
  }

  @Test(arguments: [
    ("{\"a\":1}", false), ("{\"a\": \t1}", false), ("\n{\"a\":1}\r\n", false), ("{\n}", true), ("{\"a\":\r1}", true),
    ("[1,\n2]", true), ("[1\r\n]", true), ("{\"a\\n\":\"\\r\"}", false),
  ])
  func lineBreaks(_ json: String, _ expected: Bool) throws {
    let value = try slice(json)
    #expect(value.containsLineBreaks == expected)
    var writer = JSONWriter(oneLine: true)
    writer.beginArray()
    writer.splice(value)
    writer.spliceOneLine(value)
    writer.endArray()
    let line = writer.finish()
    #expect(!line.contains(0x0A) && !line.contains(0x0D))
    #expect(try JSONSlice(validating: line).elements.map { $0.compacted() } == [value.compacted(), value.compacted()])
  }

  @Test func detachedHasItsOwnBuffer() throws {
    let part = try #require(try slice("{\"big\":\"\(String(repeating: "x", count: 1000))\",\"a\":[1,\n2]}").member("a"))
    let own = part.detached()
    #expect(own.buffer == Array("[1,\n2]".utf8))
    #expect(own.containsLineBreaks)
    #expect(own.elements.map { $0.int } == [1, 2])
  }

  @Test func position() throws {
    let buffer = Array("{\n  \"é😀\": 1,\r\n\"b\":\r2}".utf8)
    let value = try JSONSlice(validating: buffer)
    #expect(value.position == JSONPosition(line: 1, column: 1))
    #expect(value.member("é😀")?.position == JSONPosition(line: 2, column: 9))
    #expect(value.members.map { $0.key.position.line } == [2, 3])
    #expect(value.member("b")?.position == JSONPosition(line: 4, column: 1))
    let table = [(0, 1, 1), (1, 1, 2), (2, 2, 1), (5, 2, 4), (6, 2, 4), (7, 2, 5), (10, 2, 5), (11, 2, 6), (-5, 1, 1)]
    for (offset, line, column) in table {
      #expect(JSONPosition(buffer: buffer, offset: offset) == JSONPosition(line: line, column: column), "\(offset)")
    }
    #expect(JSONPosition(buffer: buffer, offset: 9999) == JSONPosition(line: 4, column: 3))
    #expect(JSONPosition(buffer: [], offset: 0) == JSONPosition(line: 1, column: 1))
  }

  @Test(arguments: [
    ("{ }", "{}", "{}"), ("[\n]", "[]", "[]"), (" 1.0 ", "1.0", "1.0"), ("\" a : , \"", "\" a : , \"", "\" a : , \""),
    (
      "{ \"b\" : [ 1 ,{ } , [ ],[ [ ] ] ], \"a\\u0062\":{\"x\" :null}}",
      "{\"b\":[1,{},[],[[]]],\"a\\u0062\":{\"x\":null}}",
      """
      {
        "b": [
          1,
          {},
          [],
          [
            []
          ]
        ],
        "a\\u0062": {
          "x": null
        }
      }
      """
    ),
  ])
  func formats(_ json: String, _ compact: String, _ pretty: String) throws {
    let value = try slice(json)
    #expect(String(decoding: value.compacted(), as: UTF8.self) == compact)
    #expect(String(decoding: value.pretty(), as: UTF8.self) == pretty)
    let four = pretty.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      String(repeating: " ", count: line.prefix { $0 == " " }.count) + line
    }
    if json.first != "\"" {
      #expect(String(decoding: value.pretty(indent: 4), as: UTF8.self) == four.joined(separator: "\n"))
    }
  }
}
