import Protocol
import Testing

@testable import UpstreamWorker

@Suite struct AnswerBookTests {
  private func id(_ number: UInt64) -> OperationID { OperationID(high: 0, low: number) }

  private func answer(_ number: UInt64, _ text: String = "x") -> CallAnswer {
    CallAnswer(operation: id(number), blob: .trusted("{}"), outcome: .completed(.trusted("\"\(text)\"")))
  }

  private func operations(_ frames: [[UInt8]]) -> [OperationID] {
    frames.compactMap { frame in
      guard let message = try? JSONRPCMessage(parsing: frame), case .response(let id) = message.kind else { return nil }
      return CallAnswer(id: id, result: message.result)?.operation
    }
  }

  @Test func keepsUntilAcknowledgedInOrder() {
    var book = AnswerBook()
    let numbers: [UInt64] = [5, 3, 9, 1, 7]
    let frames = numbers.map { book.keep(answer($0)) }
    #expect(book.all == frames && book.operations == numbers.map(id))
    #expect(operations(book.all) == numbers.map(id))
    book.acknowledge([id(9), id(5), id(4)])
    #expect(book.operations == [3, 1, 7].map(id))
    book.acknowledge([id(3), id(1), id(7)])
    #expect(book.all.isEmpty && book.bytes == 0)
    book.acknowledge([id(3)])
    #expect(book.bytes == 0)
  }

  @Test func remembersWhoseAnswersAreForgotten() {
    var book = AnswerBook()
    book.note(id(1), of: "a", at: 10)
    book.note(id(2), of: nil, at: 11)
    _ = book.keep(answer(1))
    // Kept anew, not forgotten.
    _ = book.keep(answer(1))
    _ = book.keep(answer(2))
    #expect(book.forgotten.excludes("a", since: 10))
    book.acknowledge([id(1), id(2), id(3)])
    #expect(!book.forgotten.excludes("a", since: 10) && book.forgotten.excludes("a", since: 11))
  }

  @Test func bytesAreCounted() {
    var book = AnswerBook()
    let frames = (0..<10).map { book.keep(answer($0, String(repeating: "x", count: Int($0) * 100))) }
    #expect(book.bytes == frames.reduce(0) { $0 + $1.count })
    book.acknowledge([id(9)])
    #expect(book.bytes == frames.dropLast().reduce(0) { $0 + $1.count })
  }

  @Test func aSecondAnswerReplacesTheFirst() {
    var book = AnswerBook()
    _ = book.keep(answer(1, "first, and longer"))
    let second = book.keep(answer(1, "second"))
    #expect(book.all == [second] && book.operations == [id(1)] && book.bytes == second.count)
    #expect(book[id(1)] == second && book[id(2)] == nil)
  }

  @Test func anAnswerAfterItsAcknowledgementIsKeptOnce() {
    var book = AnswerBook()
    _ = book.keep(answer(1))
    _ = book.keep(answer(2))
    book.acknowledge([id(1)])
    _ = book.keep(answer(1))
    #expect(book.operations == [2, 1].map(id))
  }

  @Test func whatDoesNotFitBecomesSmall() throws {
    var book = AnswerBook()
    let size = 60 << 20
    let large = JSONSlice.trusted([0x22] + [UInt8](repeating: 0x78, count: size) + [0x22])
    func keep(_ number: UInt64) -> [UInt8] {
      book.keep(CallAnswer(operation: id(number), blob: .emptyObject, outcome: .completed(large)))
    }
    for number in 1...4 as ClosedRange<UInt64> { #expect(keep(number).count > size) }
    let frame = keep(5)
    #expect(frame.count < 1000)
    let message = try JSONRPCMessage(parsing: frame)
    let kept = try #require(CallAnswer(id: .string(id(5).description), result: message.result))
    guard case .failed(let failure) = kept.outcome else {
      Issue.record("it must fail: \(kept.outcome)")
      return
    }
    #expect(failure.reason == .answerTooLarge)
    book.acknowledge([id(1)])
    #expect(keep(6).count > size, "there is room again")
  }
}
