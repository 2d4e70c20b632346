import Protocol
import Telemetry
import Testing

@Suite struct RedactionTests {
  private let redaction = Redaction(keys: ["token", "API_Key"])

  private func render(_ text: String) throws -> String {
    redaction.render(try JSONSlice(validating: Array(text.utf8)))
  }

  @Test(arguments: [
    (#"{"a":1,"token":"t"}"#, #"{"a":1,"token":"<redacted>"}"#),
    // Any case, any depth, the whole value.
    (#"{"Token":{"a":[1]},"x":[{"api_key":null}]}"#, #"{"Token":"<redacted>","x":[{"api_key":"<redacted>"}]}"#),
    // An escaped name is the same name.
    (#"{"\u0074oken":"t"}"#, #"{"\u0074oken":"<redacted>"}"#),
    // Exact match only.
    (#"{"tokens":"t","token ":"t"}"#, #"{"tokens":"t","token ":"t"}"#),
    // The rest passes as it is written.
    (
      "{ \"n\" : 12345678901234567890,\n \"x\": 1.0, \"s\": \"\\u00e9\" }",
      #"{"n":12345678901234567890,"x":1.0,"s":"\u00e9"}"#
    ),
    ("[]", "[]"), ("{}", "{}"), ("null", "null"), (#""token""#, #""token""#),
  ])
  func members(_ text: String, _ expected: String) throws {
    #expect(try render(text) == expected)
  }

  @Test(arguments: [
    // A JSON value in a text block.
    (#"{"token":"t","n":1.0}"#, #"{"token":"<redacted>","n":1.0}"#),
    (" [ {\"token\" : \"t\"} ]\n", #"[{"token":"<redacted>"}]"#),
    // JSON lines, prose around JSON, cut JSON.
    ("{\"token\":\"a\"}\n{\"token\":\"b\"}", "{\"token\":\"<redacted>\"}\n{\"token\":\"<redacted>\"}"),
    (#"Found 5" of {"TOKEN" : "a\"b", "c": 1}."#, #"Found 5" of {"TOKEN":"<redacted>", "c": 1}."#),
    (#"x {"token":{"a":[1,"]}"]},"b":2}"#, #"x {"token":"<redacted>","b":2}"#),
    (#"x {"token":12,"b":true}"#, #"x {"token":"<redacted>","b":true}"#),
    (#"{"token":"never clo"#, #"{"token":"<redacted>""#),
    (#"{"token":["#, #"{"token":"<redacted>""#),
    (#"{"token""#, #"{"token""#),
    (#"{"token":"#, #"{"token":"<redacted>""#),
    // A text block inside a text block.
    (#"{"content":[{"text":"{\"token\":1}"}]}"#, #"{"content":[{"text":"{\"token\":\"<redacted>\"}"}]}"#),
    ("plain \"text\": x", "plain \"text\": x"),
  ])
  func textBlocks(_ text: String, _ expected: String) throws {
    func result(_ text: String) -> String {
      var writer = JSONWriter()
      writer.beginObject()
      writer.key("content")
      writer.beginArray()
      writer.beginObject()
      writer.member("type", "text")
      writer.member("text", text)
      writer.endObject()
      writer.endArray()
      writer.endObject()
      return String(decoding: writer.finish(), as: UTF8.self)
    }
    #expect(try render(result(text)) == result(expected))
  }

  @Test func withoutKeysNothingChanges() throws {
    let text = #"{"token":1,"text":"{\"token\":  1}"}"#
    #expect(Redaction(keys: []).render(try JSONSlice(validating: Array(text.utf8))) == text)
  }

  @Test(arguments: ["a", "é", "😀", "👩‍👩‍👧‍👧", "e\u{301}"])
  func copiesAreCutBetweenCharacters(_ character: String) throws {
    for shift in 0..<4 {
      let text = "\"" + String(repeating: "-", count: shift) + String(repeating: character, count: 3000) + "\""
      let copy = try render(text)
      #expect(copy.utf8.count <= 2048)
      #expect(copy.utf8.count > 2048 - 64)
      #expect(copy.last == "…")
      #expect(text.hasPrefix(String(copy.dropLast())))
      #expect(Set(copy.dropFirst(1 + shift).dropLast()) == [Character(character)])
    }
  }

  @Test func upToTheLimitNothingIsCut() throws {
    let text = "\"" + String(repeating: "a", count: 2046) + "\""
    #expect(try render(text) == text)
    let longer = "\"" + String(repeating: "a", count: 2047) + "\""
    #expect(try render(longer).utf8.count <= 2048)
    #expect(try render(longer).hasSuffix("a…"))
  }

  @Test func largePayloadsAreRedactedToo() throws {
    let filler = String(repeating: "x", count: 3 << 20)
    let copy = try render(#"{"content":[{"text":"{\"token\":\"secret\",\"a\":\"\#(filler)\"}"}]}"#)
    #expect(!copy.contains("secret"))
    #expect(copy.contains("<redacted>"))
    #expect(copy.utf8.count <= 2048)
  }
}
