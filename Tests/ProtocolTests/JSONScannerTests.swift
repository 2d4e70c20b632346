import Protocol
import Testing

@Suite("JSON validation")
struct JSONScannerTests {
  @Test(arguments: [
    "null", "true", "false", " \t\r\n0 \t\r\n", "[]", "{}", "[ ]", "{ }", "\"\"",
    // numbers
    "0", "-0", "-1", "10", "0.0", "-0.0", "1.5e3", "1E3", "1e+3", "1e-3", "0e0", "0E+00", "1e999", "5e-324",
    "123456789012345678901234567890.123456789e-123456",
    // strings
    #""\"\\\/\b\f\n\r\t""#, #""\u0000\uABCD\uabcd""#, #""\ud800""#, #""\udc00\ud800""#, #""\\u12""#, "\"\u{7F}\"",
    "\"'/é€😀\u{2028}\u{FEFF}\u{10FFFF}\"",
    // structure
    "[1,2]", "[[],[[]],{}]", "{\"a\":1}", "{\"\":\"\"}", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":[{\"c\":null}]}}",
    "[true,false,null,-1,\"]\",\"}\",\"[\",\"{\"]", "{\"\\\"\":\"\\\\\"}", "\n{\r\n\"a\"\t:\n1 , \"b\" :[ 1\n, 2 ] }\n",
  ])
  func accepts(_ text: String) throws {
    let slice = try JSONSlice(validating: Array(text.utf8))
    let trimmed = text.utf8.drop { " \t\r\n".utf8.contains($0) }
    #expect(slice.range.lowerBound == text.utf8.count - trimmed.count)
    #expect(Array(text.utf8[trimmed.startIndex...]).starts(with: slice.bytes))
  }

  @Test(arguments: [
    ("", JSONError.Kind.empty, 0), (" \n", .empty, 2),
    // values
    ("x", .expectedValue, 0), ("[x]", .expectedValue, 1), ("[,]", .expectedValue, 1), ("[1,]", .expectedValue, 3),
    ("[1,,2]", .expectedValue, 3), ("]", .expectedValue, 0), ("}", .expectedValue, 0), (",", .expectedValue, 0),
    ("'a'", .expectedValue, 0), ("[+1]", .expectedValue, 1), ("[.5]", .expectedValue, 1), ("NaN", .expectedValue, 0),
    ("Infinity", .expectedValue, 0), ("[é]", .expectedValue, 1), ("/*x*/1", .expectedValue, 0),
    ("\u{C}1", .expectedValue, 0), ("\u{A0}1", .expectedValue, 0), ("{\"a\":}", .expectedValue, 5),
    ("\u{0}", .expectedValue, 0), ("[\u{1}]", .expectedValue, 1),
    ("nul", .unexpectedEnd, 3), ("nulL", .invalidLiteral, 0), ("[tru]", .invalidLiteral, 1),
    ("fals ", .invalidLiteral, 0),
    ("True", .expectedValue, 0), ("nullx", .trailingBytes, 4), ("truefalse", .trailingBytes, 4),
    // numbers
    ("-", .unexpectedEnd, 1), ("[-]", .invalidNumber, 2), ("-x", .invalidNumber, 1), ("--1", .invalidNumber, 1),
    ("01", .invalidNumber, 1), ("-01", .invalidNumber, 2), ("00", .invalidNumber, 1), ("[1.]", .invalidNumber, 3),
    ("1.", .unexpectedEnd, 2), ("1.e1", .invalidNumber, 2), ("[1e]", .invalidNumber, 3), ("1e+", .unexpectedEnd, 3),
    ("[1e+]", .invalidNumber, 4), ("-Infinity", .invalidNumber, 1), ("0x10", .trailingBytes, 1),
    ("[1_000]", .expectedCommaOrBracket, 2), ("1 2", .trailingBytes, 2), ("[1 2]", .expectedCommaOrBracket, 3),
    ("[0.1.2]", .expectedCommaOrBracket, 4), ("[１]", .expectedValue, 1),
    // strings
    ("\"", .unexpectedEnd, 1), ("\"abcdefghijk", .unexpectedEnd, 12), ("\"\\", .unexpectedEnd, 2),
    ("\"\\\"", .unexpectedEnd, 3), ("\"\\u", .unexpectedEnd, 3), ("\"\\u123", .unexpectedEnd, 6),
    ("\"\\x\"", .invalidEscape, 1), ("\"\\'\"", .invalidEscape, 1), ("\"\\U0041\"", .invalidEscape, 1),
    ("\"\\u12\"", .invalidEscape, 1), ("\"\\u12g4\"", .invalidEscape, 1), ("\"\\u 123\"", .invalidEscape, 1),
    ("\"\\\n\"", .invalidEscape, 1), ("\"\n\"", .controlCharacter, 1), ("\"a\tb\"", .controlCharacter, 2),
    ("\"a\u{0}b\"", .controlCharacter, 2), ("\"\u{1F}\"", .controlCharacter, 1), ("\"a\"b", .trailingBytes, 3),
    // structure
    ("[", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3), ("{", .unexpectedEnd, 1),
    ("{\"a\"", .unexpectedEnd, 4), ("{\"a\":", .unexpectedEnd, 5), ("{\"a\":1", .unexpectedEnd, 6),
    ("{\"a\":1,", .unexpectedEnd, 7), ("{1:2}", .expectedKey, 1), ("{a:1}", .expectedKey, 1), ("{,}", .expectedKey, 1),
    ("{\"a\":1,}", .expectedKey, 7), ("{\"a\" 1}", .expectedColon, 5), ("{\"a\"}", .expectedColon, 4),
    ("{\"a\":1:2}", .expectedCommaOrBrace, 6), ("{\"a\":1]", .expectedCommaOrBrace, 6),
    ("[1}", .expectedCommaOrBracket, 2),
    ("[1:2]", .expectedCommaOrBracket, 2), ("[]]", .trailingBytes, 2), ("{}{}", .trailingBytes, 2),
    ("{} x", .trailingBytes, 3), ("1\u{0}", .trailingBytes, 1), ("[1]//", .trailingBytes, 3),
    ("\u{FEFF}{}", .byteOrderMark, 0), (" \u{FEFF}{}", .expectedValue, 1), ("{}\u{FEFF}", .trailingBytes, 2),
  ])
  func refuses(_ text: String, _ kind: JSONError.Kind, _ offset: Int) {
    #expect(throws: JSONError(kind: kind, offset: offset)) { try JSONSlice(validating: Array(text.utf8)) }
  }

  /// Unicode, table 3-7: the first and last of each form, and their neighbours outside.
  @Test func utf8() {
    let good: [[UInt8]] = [
      [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xE1, 0x80, 0x80], [0xEC, 0xBF, 0xBF],
      [0xED, 0x80, 0x80],
      [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF1, 0x80, 0x80, 0x80],
      [0xF3, 0xBF, 0xBF, 0xBF], [0xF4, 0x8F, 0xBF, 0xBF],
    ]
    let bad: [[UInt8]] = [
      [0x80], [0xBF], [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x7F], [0xC2, 0xC0], [0xDF, 0x22],
      [0xE0, 0x9F, 0xBF], [0xE0, 0x80, 0x80], [0xE1, 0x80], [0xE1, 0x80, 0x7F], [0xE1, 0x7F, 0x80], [0xED, 0xA0, 0x80],
      [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xEF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF],
      [0xF0, 0x90, 0x80],
      [0xF0, 0x90, 0x80, 0xC0], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
      [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xFE], [0xFF],
    ]
    // At every place relative to the eight bytes that are looked at together, with and without room behind.
    for before in 0..<18 {
      for after in [0, 1, 9] {
        func text(_ bytes: [UInt8]) -> [UInt8] {
          [0x22] + [UInt8](repeating: 0x61, count: before) + bytes + [UInt8](repeating: 0x62, count: after) + [0x22]
        }
        for bytes in good { #expect(throws: Never.self) { try JSONSlice(validating: text(bytes)) } }
        for bytes in bad {
          #expect(throws: JSONError.self, "\(bytes) after \(before)") { try JSONSlice(validating: text(bytes)) }
        }
      }
    }
    let cut: [UInt8] = [0x22, 0x61, 0xE2, 0x82]
    #expect(throws: JSONError(kind: .invalidUTF8, offset: 2)) { try JSONSlice(validating: cut) }
    #expect(throws: JSONError(kind: .invalidUTF8, offset: 1)) { try JSONSlice(validating: [0x5B, 0xFF]) }
  }

  /// Every ASCII byte at every place of a string: the eight-byte steps must not miss one.
  @Test func everyByteAtEveryPlace() throws {
    for length in 1..<20 {
      for place in 0..<length {
        for byte in UInt8(0)..<0x80 {
          var text = [UInt8](repeating: 0x78, count: length + 2)
          (text[0], text[length + 1], text[place + 1]) = (0x22, 0x22, byte)
          let isAccepted = (try? JSONSlice(validating: text)) != nil
          // A quote leaves bytes behind the string; a backslash escapes an "x" or the last quote.
          let expected = byte >= 0x20 && byte != 0x22 && byte != 0x5C
          if isAccepted != expected { Issue.record("byte \(byte) at \(place) of \(length)") }
        }
      }
    }
  }

  @Test func everyPrefixIsIncomplete() throws {
    let text = Array(#" {"a\u00e9":[1,-2.5e+3,"é😀",true,false,null,{}],"b":{"c":"\\\""}}"#.utf8)
    for end in 0..<text.count {
      do {
        _ = try JSONSlice(validating: Array(text[..<end]))
        Issue.record("\(end) bytes accepted")
      } catch {
        // Only a scalar cut in two is worse than incomplete.
        #expect([.empty, .unexpectedEnd, .invalidUTF8].contains(error.kind), "\(error)")
      }
    }
    _ = try JSONSlice(validating: text)
  }

  @Test(arguments: [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")])
  func depth(_ open: String, _ close: String) throws {
    let levels = open.utf8.filter { $0 == 0x5B || $0 == 0x7B }.count
    func text(_ depth: Int) -> [UInt8] {
      let count = depth / levels
      return Array((String(repeating: open, count: count) + "0" + String(repeating: close, count: count)).utf8)
    }
    let limit = JSONLimits.message.maxDepth
    for depth in stride(from: levels, through: limit, by: levels) {
      let slice = try JSONSlice(validating: text(depth))
      #expect(slice.range.count == text(depth).count)
    }
    for depth in [limit + levels, 10_000, 1_000_000] {
      do {
        _ = try JSONSlice(validating: text(depth))
        Issue.record("depth \(depth) accepted")
      } catch {
        #expect(error.kind == .tooDeep)
        #expect(error.offset == limit / levels * open.utf8.count)
      }
    }
  }

  /// Which container is open must be remembered across the 64 levels of a word.
  @Test func mismatchedAtAnyDepth() throws {
    for depth in 1...200 {
      let kinds = (0..<depth).map { $0 % 3 == 0 }
      let open = kinds.map { $0 ? "{\"a\":" : "[" }.joined()
      let close = kinds.reversed().map { $0 ? "}" : "]" }
      _ = try JSONSlice(validating: Array((open + "0" + close.joined()).utf8))
      for level in [0, depth / 2, depth - 1] {
        var wrong = close
        wrong[level] = wrong[level] == "]" ? "}" : "]"
        #expect(throws: JSONError.self) { try JSONSlice(validating: Array((open + "0" + wrong.joined()).utf8)) }
      }
    }
  }

  @Test func limits() throws {
    let limits = JSONLimits(maxBytes: 5, maxDepth: 0)
    #expect(throws: Never.self) { try JSONSlice(validating: Array("\"abc\"".utf8), limits: limits) }
    #expect(throws: JSONError(kind: .tooLong, offset: 5)) {
      try JSONSlice(validating: Array("\"abc\" ".utf8), limits: limits)
    }
    #expect(throws: JSONError(kind: .tooDeep, offset: 0)) {
      try JSONSlice(validating: Array("[]".utf8), limits: limits)
    }
  }

  @Test func descriptionNamesTheByte() {
    #expect(JSONError(kind: .expectedColon, offset: 17).description == "expected ':' after the member name at byte 17")
  }
}
