import Protocol
import Testing

@testable import UpstreamWorker

@Suite struct ListReaderTests {
  private func page(_ names: [String], next: String? = nil) -> JSONSlice {
    let tools = names.map { #"{"name":"\#($0)"}"# }.joined(separator: ",")
    return .trusted(#"{"tools":[\#(tools)]\#(next.map { #","nextCursor":\#($0)"# } ?? "")}"#)
  }

  /// The end of a list in comparable form; nil while it goes on.
  private func end(_ step: ListReader.Step) -> (names: [String], problem: String?)? {
    guard case .done(let items, let problem) = step else { return nil }
    return (items.compactMap { $0.member("name")?.string }, problem)
  }

  private func cursor(_ step: ListReader.Step) -> String? {
    if case .request(let cursor) = step { return cursor }
    return nil
  }

  @Test func theFirstRequestHasNoCursor() {
    guard case .request(nil) = ListReader(kind: .tools).begin() else {
      Issue.record("it must ask for the first page")
      return
    }
  }

  @Test func allPagesInOrder() throws {
    var reader = ListReader(kind: .tools)
    #expect(cursor(reader.take(page(["a", "b"], next: #""2""#))) == "2")
    #expect(cursor(reader.take(page([], next: #""3""#))) == "3")
    let (names, problem) = try #require(end(reader.take(page(["c"]))))
    #expect(names == ["a", "b", "c"] && problem == nil)
  }

  @Test func theEmptyStringIsACursor() throws {
    var reader = ListReader(kind: .tools)
    #expect(cursor(reader.take(page(["a"], next: #""""#))) == "")
    #expect(try #require(end(reader.take(page(["b"])))).names == ["a", "b"])
  }

  @Test func nullIsNoCursor() throws {
    var reader = ListReader(kind: .tools)
    #expect(try #require(end(reader.take(page(["a"], next: "null")))).problem == nil)
  }

  @Test(arguments: ["1", "2"])
  func aRepeatedCursorEndsTheList(back: String) throws {
    var reader = ListReader(kind: .tools)
    _ = reader.take(page(["a"], next: #""1""#))
    _ = reader.take(page(["b"], next: #""2""#))
    let (names, problem) = try #require(end(reader.take(page(["c"], next: "\"\(back)\""))))
    #expect(names == ["a", "b", "c"] && problem == "tools/list repeats a cursor after 3 pages")
  }

  @Test(arguments: [(999, true), (1000, true), (1001, false)])
  func aThousandPages(pages: Int, isComplete: Bool) throws {
    var reader = ListReader(kind: .tools)
    for number in 1...pages {
      let step = reader.take(page(["t\(number)"], next: number < pages ? "\"\(number)\"" : nil))
      guard let (names, problem) = end(step) else { continue }
      #expect(names.count == min(pages, 1000))
      #expect(problem == (isComplete ? nil : "tools/list has more than 1000 pages"))
      #expect(number == min(pages, 1000))
      return
    }
    Issue.record("the list has no end")
  }

  @Test(arguments: [
    ("{}", "tools/list answered without a tools array"),
    (#"{"tools":{}}"#, "tools/list answered without a tools array"),
    (#"{"resources":[]}"#, "tools/list answered without a tools array"),
    ("[]", "tools/list answered without a tools array"), ("7", "tools/list answered without a tools array"),
    (#"{"tools":[{"name":"a"}],"nextCursor":7}"#, "tools/list gave a cursor that is no string"),
    (#"{"tools":[{"name":"a"}],"nextCursor":{}}"#, "tools/list gave a cursor that is no string"),
  ])
  func wrongShapes(result: String, problem: String) throws {
    var reader = ListReader(kind: .tools)
    #expect(try #require(end(reader.take(.trusted(result)))).problem == problem)
  }

  @Test func itemsThatAreNoObjectsAreLeftOut() throws {
    var reader = ListReader(kind: .tools)
    let step = reader.take(.trusted(#"{"tools":[null,{"name":"a"},"b",[{"name":"c"}],7,{"name":"d"}]}"#))
    #expect(try #require(end(step)).names == ["a", "d"])
  }

  @Test func itemsKeepTheirBytesAndNotTheirPage() throws {
    var reader = ListReader(kind: .resources)
    let item = #"{ "uri" : "x:\u00e9", "size": 12345678901234567890, "a": 1.0 }"#
    guard case .done(let items, nil) = reader.take(.trusted(#"{"resources":[\#(item)]}"#)) else {
      Issue.record("it must be complete")
      return
    }
    #expect(items.map(\.text) == [item])
    #expect(items.first?.buffer.count == item.utf8.count)
  }

  @Test func oneListIsBounded() throws {
    var reader = ListReader(kind: .tools)
    let large = String(repeating: "x", count: ListReader.mostBytes / 4)
    for number in 1...3 { #expect(end(reader.take(page([large], next: "\"\(number)\""))) == nil) }
    let (names, problem) = try #require(end(reader.take(page([large], next: #""4""#))))
    #expect(names.count == 3 && problem?.contains("the rest is left out") == true)
  }

  /// Millions of empty objects cost more than their two bytes each.
  @Test func emptyItemsAreBounded() {
    var reader = ListReader(kind: .tools)
    let empty = JSONSlice.trusted(#"{"tools":[\#(Array(repeating: "{}", count: 300_000).joined(separator: ","))]}"#)
    guard case .done(let items, let problem?) = reader.take(empty) else {
      Issue.record("it must not be complete")
      return
    }
    #expect(items.count < 300_000 && problem.contains("the rest is left out"))
  }

  // MARK: Refusals

  @Test func aMissingMethodIsAnEmptyList() throws {
    let (names, problem) = try #require(end(ListReader(kind: .prompts).refused(code: -32601, message: "no")))
    #expect(names.isEmpty && problem == nil)
  }

  @Test func aMissingMethodInTheMiddleIsNot() throws {
    var reader = ListReader(kind: .tools)
    _ = reader.take(page(["a"], next: #""2""#))
    let (names, problem) = try #require(end(reader.refused(code: -32601, message: "no")))
    #expect(names == ["a"] && problem == "tools/list failed: no (code: -32601)")
  }

  @Test func anotherRefusalIsAProblem() throws {
    let (names, problem) = try #require(end(ListReader(kind: .tools).refused(code: -32603, message: "broken")))
    #expect(names.isEmpty && problem == "tools/list failed: broken (code: -32603)")
  }
}
