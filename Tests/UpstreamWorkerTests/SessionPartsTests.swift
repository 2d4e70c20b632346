import Glibc
import Protocol
import Testing

@testable import UpstreamWorker

@Suite struct SessionPartsTests {
  // MARK: StderrTail

  @Test func tailKeepsTheLastLines() {
    var tail = StderrTail()
    for number in 1...50 { tail.add(Array("line \(number)".utf8)) }
    #expect(tail.lines.count == 20 && tail.lines.first == "line 31" && tail.lastWords == "line 50")
    #expect(tail.takeBatch().lines.count == 50)
    #expect(!tail.hasBatch && tail.lines.count == 20)
  }

  @Test func aFloodIsCounted() {
    var tail = StderrTail()
    for number in 1...1000 { tail.add(Array("line \(number)".utf8)) }
    let (lines, dropped) = tail.takeBatch()
    #expect(lines.count == 200 && lines.last == "line 200" && dropped == 800)
    #expect(tail.lastWords == "line 1000")
  }

  @Test(arguments: ["", " ", "\t\r"])
  func blankLinesAreNone(line: String) {
    var tail = StderrTail()
    tail.add(Array(line.utf8))
    #expect(!tail.hasBatch && tail.lastWords == nil)
  }

  @Test func longAndBrokenLines() throws {
    var tail = StderrTail()
    tail.add([UInt8](repeating: 0x78, count: 100_000))
    #expect(tail.lines.first?.utf8.count == 2048)
    #expect(tail.lastWords?.count == 200 && tail.lastWords?.last == "…")
    tail.add([0xff, 0x41, 0xc3])
    #expect(tail.lastWords == "\u{fffd}A\u{fffd}")
  }

  @Test(arguments: [
    ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("", 3, ""), ("ééé", 3, "ééé"), ("éééé", 3, "éé…"),
  ])
  func clipping(text: String, limit: Int, clipped: String) {
    #expect(text.clipped(to: limit) == clipped)
  }

  @Test func clippingManyBytesPerCharacter() {
    let family = String(repeating: "👨‍👩‍👧‍👦", count: 1000)
    let clipped = family.clipped(to: 100)
    #expect(clipped.count <= 100 && clipped.hasSuffix("…"))
  }

  // MARK: TeardownStep

  @Test func theWayDown() {
    #expect(
      TeardownStep.ladder(grace: .milliseconds(70)) == [
        TeardownStep(act: .closeInput, patience: .milliseconds(70)),
        TeardownStep(act: .signalGroup(SIGTERM), patience: .milliseconds(70)),
      ])
  }

  // MARK: MessagePrefix

  @Test(
    arguments: [
      (#"{"jsonrpc":"2.0","id":7,"result":{"x":"#, 7), (#"{"id" : 12 ,"jsonrpc""#, 12), (#" {"id":0,"#, 0),
      (#"{"jsonrpc":"2.0","id":"7","result":{"#, nil), (#"{"jsonrpc":"2.0","id":null"#, nil),
      (#"{"jsonrpc":"2.0","id":-7,"#, nil), (#"{"jsonrpc":"2.0","result":{"id":7,"#, nil),
      (#"{"jsonrpc":"2.0","result":["id",7"#, nil), (#"{"result":[{"id":7"#, nil), ("", nil), (#""id":7"#, nil),
      (#"{"id":"#, nil), (#"{"id":99999999999999999999999,"#, nil), (#"{"method":"id","params":{"id":7"#, nil),
    ] as [(String, Int?)])
  func idOfAnOversizedMessage(prefix: String, id: Int?) {
    #expect(MessagePrefix.integerID(in: Array(prefix.utf8)) == id)
  }

  @Test func idInBrokenText() {
    #expect(MessagePrefix.integerID(in: Array(#"{"id":5,"a":""#.utf8) + [0xff, 0xc3]) == 5)
  }

  // MARK: UpstreamCatalog

  private func catalog(_ items: [String], problem: String? = nil) -> UpstreamCatalog {
    var catalog = UpstreamCatalog()
    catalog.set(.tools, items: items.map { .trusted($0) }, problem: problem)
    return catalog
  }

  /// Written to disk one day: it must never change. The values were computed by an independent FNV-1a.
  @Test(
    arguments: [
      ([], "2f99b8c7b1744147d3b96ed612ccc624"), ([#"{"name":"a"}"#], "8e29bdc5d91e22322944b1ba6c91327a"),
    ] as [([String], String)])
  func hashIsStable(items: [String], hash: String) {
    #expect(catalog(items).hash == hash)
  }

  @Test func hashKnowsOrderListAndBoundaries() {
    let (a, b) = (#"{"name":"a"}"#, #"{"name":"b"}"#)
    var resources = UpstreamCatalog()
    resources.set(.resources, items: [.trusted(a)], problem: nil)
    let hashes = [
      catalog([]).hash, catalog([a]).hash, catalog([a, b]).hash, catalog([b, a]).hash, catalog([a, a]).hash,
      resources.hash,
    ]
    #expect(Set(hashes).count == hashes.count)
    #expect(catalog([a, b]).hash == catalog([a, b], problem: "incomplete").hash)
  }

  @Test func aFailedListKeepsWhatItHad() {
    var catalog = catalog([#"{"name":"a"}"#])
    catalog.set(.tools, items: [], problem: "tools/list failed")
    #expect(catalog.items[.tools]?.count == 1 && catalog.listErrors == ["tools/list failed"])
    catalog.set(.tools, items: [], problem: nil)
    #expect(catalog.items[.tools]?.isEmpty == true && catalog.listErrors.isEmpty)
  }

  @Test func catalogIsWrittenWithTheItemsOwnBytes() throws {
    let item = #"{ "name":"\u00e9", "n": 12345678901234567890, "x": 1.0 }"#
    var writer = JSONWriter()
    catalog([item], problem: "half").write(to: &writer)
    let written = try JSONSlice(validating: writer.bytes)
    #expect(written.member("tools")?.elements.map(\.text) == [item])
    #expect(written.member("resources")?.text == "[]" && written.member("prompts")?.text == "[]")
    #expect(written.member("listErrors")?.strings == ["half"])
  }
}
