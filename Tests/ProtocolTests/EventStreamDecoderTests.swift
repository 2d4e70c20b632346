import Protocol
import Testing

/// WHATWG HTML, "Server-sent events".
struct EventStreamDecoderTests {
  typealias Event = EventStreamDecoder.Event
  typealias Element = EventStreamDecoder.Element

  struct Case: CustomTestStringConvertible, Sendable {
    let text: String
    let expected: [Element]

    init(_ text: String, _ expected: [Event]) {
      self.text = text
      self.expected = expected.map { .event($0) }
    }

    var testDescription: String { text.debugDescription }
  }

  static func event(_ data: String, name: String = "message", id: String? = nil) -> Event {
    Event(name: name, data: Array(data.utf8), id: id)
  }

  static let cases: [Case] = [
    Case("", []),
    Case("data: a\n\n", [event("a")]),
    Case("data:a\n\n", [event("a")]),
    Case("data:  a \n\n", [event(" a ")]),
    Case("data: a\r\n\r\ndata: b\r\rdata: c\n\n", [event("a"), event("b"), event("c")]),
    Case("data: a\r\ndata: b\rdata: c\n\n", [event("a\nb\nc")]),
    Case("data: a\n\r\n\rdata: b\n\n", [event("a"), event("b")]),
    Case("data\n\ndata\ndata\n\ndata:", [event(""), event("\n")]),
    Case("data: a", []),
    Case("data: a\n", []),
    Case("data: a\n\ndata: b\n", [event("a")]),
    Case(": a comment\n:\n\n:data: no\n\n", []),
    Case("data: a\n: a comment in between\ndata: b\n\n", [event("a\nb")]),
    Case("event: x\ndata: a\n\ndata: b\n\n", [event("a", name: "x"), event("b")]),
    Case("event: x\n\ndata: b\n\n", [event("b")]),
    Case("event: x\nevent: y\ndata: 1\n\nevent\ndata: 2\n\n", [event("1", name: "y"), event("2")]),
    Case("id: 1\ndata: a\n\ndata: b\n\n", [event("a", id: "1"), event("b", id: "1")]),
    Case("data: a\n\nid: 1\n\ndata: b\n\n", [event("a"), event("b", id: "1")]),
    Case("id: 1\ndata: a\n\nid\ndata: b\n\n", [event("a", id: "1"), event("b")]),
    Case("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n", [event("a", id: "1"), event("b", id: "1")]),
    Case("Data: a\n\n data: b\n\ndat: c\n\ndata : d\n\ndatas: e\n\n", []),
    Case("\u{feff}data: a\n\n\u{feff}data: b\n\n", [event("a")]),
    Case("\u{feff}\u{feff}data: a\n\ndata: b\n\n", [event("b")]),
    Case("data: {\"a\": \"b: c\"}\n\n", [event("{\"a\": \"b: c\"}")]),
    Case("data: ä☃𝄞\n\n", [event("ä☃𝄞")]),
    Case("\n\n\r\r\n\ndata: a\n\n\n\n", [event("a")]),
  ]

  @Test(arguments: cases)
  func readsWhatTheStandardSays(_ one: Case) {
    let bytes = Array(one.text.utf8)
    #expect(decode([bytes[...]]) == one.expected)
    #expect(decode(bytes.indices.map { bytes[$0...$0] }) == one.expected)
    for cut in 0...bytes.count { #expect(decode([bytes[..<cut], bytes[cut...]]) == one.expected, "cut at \(cut)") }
  }

  @Test func remembersTheReconnectionTime() {
    for (text, expected) in [
      ("retry: 10\n", 10), ("retry: 10", nil), ("retry: 1.5\n", nil), ("retry: -1\n", nil), ("retry\n", nil),
      ("retry:\n", nil), ("retry: 5\nretry: x\n", 5), ("retry: 5\r\nretry:6\r\n", 6),
      ("retry: 99999999999999999999999999\n", Int(Int32.max)),
      ("retry: " + String(repeating: "1", count: 5000) + "\n", nil),
    ] as [(String, Int?)] {
      var decoder = EventStreamDecoder(limit: 100)
      feed(&decoder, text) { _ in }
      #expect(decoder.retryMilliseconds == expected, "\(text.prefix(40))")
    }
  }

  @Test func remembersTheLastIDOnlyWithTheEmptyLine() {
    var decoder = EventStreamDecoder(limit: 100, lastEventID: "old")
    feed(&decoder, "data: a\n\n") { #expect($0 == .event(Self.event("a", id: "old"))) }
    feed(&decoder, "id: new\ndata: a") { _ in }
    #expect(decoder.lastEventID == "old")
    #expect(decoder.isInEvent)
    feed(&decoder, "\n\n") { _ in }
    #expect(decoder.lastEventID == "new")
    #expect(!decoder.isInEvent)
  }

  @Test func dropsOneOversizedEventAndGoesOn() {
    let text = "data: 12345\n\nid: 2\ndata: 123\ndata: 45\ndata: x\ndata: y\n\ndata: 1\ndata: 2\ndata\n\n"
    let expected: [Element] = [
      .event(Self.event("12345")), .oversized, .event(Self.event("1\n2\n", id: "2")),
    ]
    #expect(decode([Array(text.utf8)[...]], limit: 5) == expected)
    #expect(decode(Array(text.utf8).map { [$0] }, limit: 5) == expected)
  }

  @Test(arguments: ["event", "id"])
  func boundsNamesAndIDs(_ field: String) {
    let most = String(repeating: "n", count: EventStreamDecoder.longestName)
    #expect(decode([Array("\(field): \(most)\ndata: a\n\n".utf8)[...]]).count == 1)
    #expect(
      decode([Array("\(field): \(most)n\ndata: a\n\ndata: b\n\n".utf8)[...]]) == [
        .oversized, .event(Self.event("b")),
      ])
  }

  /// Comments, unknown fields and a name that never ends take no memory.
  @Test(arguments: [":", "unknown: ", "x", "data"])
  func needsNoMemoryForWhatItDrops(_ start: String) {
    var decoder = EventStreamDecoder(limit: 1000)
    feed(&decoder, start) { _ in }
    let block = String(repeating: "x", count: 1000)
    for _ in 0..<100 { feed(&decoder, block) { _ in Issue.record("nothing is complete") } }
    #expect(decoder.heldBytes <= 10)
  }

  @Test func anyCutGivesTheSame() {
    var random = SystemRandomNumberGenerator()
    let parts = [
      "data: one\n", "data: two\r\n", "data:\r", "\n", "\r\n", "\r", "id: 1\n", "id\r", "event: e\r\n", ": c\n",
      "retry: 1\n",
      "data: 123456789012345678901\n", "x: y\n",
    ]
    for _ in 0..<300 {
      let bytes = (0..<20).flatMap { _ in Array(parts.randomElement(using: &random)!.utf8) }
      var pieces: [ArraySlice<UInt8>] = []
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + Int.random(in: 1...9, using: &random))
        pieces.append(bytes[start..<end])
        start = end
      }
      #expect(decode(pieces, limit: 20) == decode([bytes[...]], limit: 20))
    }
  }

  private func decode(_ pieces: [ArraySlice<UInt8>], limit: Int = 1000) -> [Element] {
    var decoder = EventStreamDecoder(limit: limit)
    var elements: [Element] = []
    for piece in pieces { piece.withUnsafeBytes { bytes in decoder.feed(bytes) { elements.append($0) } } }
    return elements
  }

  private func feed(_ decoder: inout EventStreamDecoder, _ text: String, _ body: (Element) -> Void) {
    Array(text.utf8).withUnsafeBytes { decoder.feed($0, body) }
  }
}
