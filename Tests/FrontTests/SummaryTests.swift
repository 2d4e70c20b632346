import Testing

@testable import Front

@Suite("summaries")
struct SummaryTests {
  @Test(
    "the first sentence, with one space between words",
    arguments: [
      ("Adds two numbers.", "Adds two numbers."),
      ("Adds two numbers. Returns the sum.", "Adds two numbers."),
      ("no full stop", "no full stop"),
      ("Really? Yes!", "Really?"),
      ("Stop! Now.", "Stop!"),
      ("  Two \t words\r\n\u{2028} here.\n\nMore.  ", "Two words here."),
      ("Formats, e.g. JSON, i.e. text. More.", "Formats, e.g. JSON, i.e. text."),
      ("Formats (e.g. JSON). More.", "Formats (e.g. JSON)."),
      ("Rounds 3.14 to 3. Then stops.", "Rounds 3.14 to 3. Then stops."),
      ("Reads config.json. Then ends.", "Reads config.json."),
      ("Knows pi to 3.14. Not more.", "Knows pi to 3.14."),
      ("By J. R. Smith. Not by others.", "By J. R. Smith."),
      ("Wait... Then go.", "Wait..."),
      ("a: 1, 2, 3 and so on", "a: 1, 2, 3 and so on"),
      ("See http://example.com/a.b?c=d. Or not.", "See http://example.com/a.b?c=d."),
      ("ファイルを読みます。速いです。", "ファイルを読みます。"),
      ("读取文件！然后 结束。", "读取文件！"),
      ("本当ですか？ はい", "本当ですか？"),
      ("Ends with a mark ?", "Ends with a mark ?"),
    ])
  func sentences(description: String, summary: String) { #expect(Summary.of(description) == summary) }

  @Test("without words there is a placeholder", arguments: [nil, "", " ", "\n\t \u{3000}"])
  func placeholder(description: String?) { #expect(Summary.of(description) == "No summary available") }

  @Test(
    "at most 160 characters with the ellipsis, cut at a word where there is one",
    arguments: [
      (String(repeating: "x", count: 160), String(repeating: "x", count: 160)),
      (String(repeating: "x", count: 161), String(repeating: "x", count: 159) + "…"),
      (String(repeating: "word ", count: 31) + "words", String(repeating: "word ", count: 31) + "words"),
      (String(repeating: "word ", count: 40), String(repeating: "word ", count: 31).dropLast() + "…"),
      // One long word after a short one: a cut at the word would leave next to nothing.
      ("short " + String(repeating: "y", count: 400), "short " + String(repeating: "y", count: 153) + "…"),
      // Characters, not bytes: nothing is cut in the middle of one.
      (String(repeating: "👩‍👩‍👧", count: 200), String(repeating: "👩‍👩‍👧", count: 159) + "…"),
      (String(repeating: "漢", count: 200), String(repeating: "漢", count: 159) + "…"),
      (String(repeating: "e\u{301}", count: 160), String(repeating: "e\u{301}", count: 160)),
    ])
  func cuts(description: String, summary: String) {
    #expect(Summary.of(description) == summary)
    #expect(summary.count <= 160)
  }

  @Test("a description of megabytes costs no more than a long one")
  func huge() {
    let text = String(repeating: "word ", count: 1_000_000)
    let clock = ContinuousClock()
    let time = clock.measure { for _ in 0..<100 { _ = Summary.of(text) } }
    // Reading it all a hundred times takes tens of seconds.
    #expect(time < .seconds(5))
  }

  @Test("is what a list of capabilities shows")
  func inItem() throws {
    let item = try CatalogSample.slice(#"{"name":"t","description":"One. Two."}"#)
    let capability = try #require(Capability(server: "s", item: item) { "s.\($0)" })
    let text = CatalogSample.text { capability.writeItem(to: &$0) }
    #expect(text == #"{"id":"s.t","summary":"One.","server":"s","tool":"t","tags":["s"]}"#)
  }
}
