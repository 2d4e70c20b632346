import Protocol
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
  private func written(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    body(&writer)
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  @Test func separatesByItself() throws {
    let inner = try JSONSlice(validating: Array(" [1 , 2] ".utf8))
    let text = written { writer in
      writer.beginObject()
      writer.member("a", 1)
      writer.key("b")
      writer.beginArray()
      writer.value("x")
      writer.null()
      writer.value(true)
      writer.beginObject()
      writer.endObject()
      writer.splice(inner)
      writer.splice(text: "{\"y\":0}")
      writer.splice(text: Array("7".utf8))
      writer.beginArray()
      writer.endArray()
      writer.value(false)
      writer.endArray()
      writer.member("c", inner)
      writer.nullMember("d")
      writer.member("e", ["p", "q"])
      writer.member("f", [String]())
      writer.endObject()
    }
    #expect(
      text == #"{"a":1,"b":["x",null,true,{},[1 , 2],{"y":0},7,[],false],"c":[1 , 2],"d":null,"e":["p","q"],"f":[]}"#)
    _ = try JSONSlice(validating: Array(text.utf8))
  }

  @Test func nilIsNull() {
    let text = written { writer in
      writer.beginObject()
      writer.member("a", String?.none)
      writer.member("b", Int?.none)
      writer.member("c", UInt64?.none)
      writer.member("d", Double?.none)
      writer.member("e", Bool?.none)
      writer.member("f", JSONSlice?.none)
      writer.member("g", Int?.some(-5))
      writer.member("h", Bool?.some(true))
      writer.endObject()
    }
    #expect(text == #"{"a":null,"b":null,"c":null,"d":null,"e":null,"f":null,"g":-5,"h":true}"#)
  }

  @Test func integers() {
    #expect(written { $0.value(0) } == "0")
    #expect(written { $0.value(Int.min) } == "-9223372036854775808")
    #expect(written { $0.value(Int64.max) } == "9223372036854775807")
    #expect(written { $0.value(UInt64.max) } == "18446744073709551615")
    #expect(written { $0.value(-10) } == "-10")
  }

  @Test(arguments: [
    0.1, 1, -1.5, 1e16, 1e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .leastNormalMagnitude, 0.1 + 0.2, -0.0,
    1 / 3,
  ])
  func doublesReadBack(_ number: Double) throws {
    let slice = try JSONSlice(validating: Array(written { $0.value(number) }.utf8))
    #expect(slice.double?.bitPattern == number.bitPattern)
  }

  @Test func doublesThatJSONLacks() {
    for number in [Double.infinity, -.infinity, .nan] { #expect(written { $0.value(number) } == "null") }
    #expect(written { $0.value(0.1) } == "0.1")
  }

  @Test func escapesWhatMustBe() throws {
    #expect(
      written { $0.value("a\"b\\c/d\u{8}\t\n\u{C}\r\u{0}\u{1F}\u{10}\u{7F}é\u{2028}😀") }
        == "\"a\\\"b\\\\c/d\\b\\t\\n\\f\\r\\u0000\\u001f\\u0010\u{7F}é\u{2028}😀\"")
    for scalar in (0...0x2FF).compactMap({ Unicode.Scalar(UInt32($0)) }) {
      let text = "x\(Character(scalar))y"
      let slice = try JSONSlice(validating: Array(written { $0.value(text) }.utf8))
      #expect(slice.isString(text))
    }
    #expect(
      written { writer in
        writer.beginObject()
        writer.member("\"\n", "")
        writer.endObject()
      } == "{\"\\\"\\n\":\"\"}")
  }
}
