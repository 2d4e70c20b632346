import Protocol
import Testing

@testable import Front

/// What clients that are away or slow are told of changes.
@Suite("Notices")
struct NoticeTests {
  @Test func whatIsNotReadYetIsNotSaidAgain() {
    var unread = UnreadNotices()
    // Ten bytes each.
    let admitted = [
      unread.admits(.list(.tools), taken: 0, written: 0),
      unread.admits(.list(.tools), taken: 0, written: 10),
      unread.admits(.resource("a"), taken: 0, written: 10),
      // The first is being read: it may be too late for it.
      unread.admits(.list(.tools), taken: 1, written: 20),
      unread.admits(.resource("a"), taken: 10, written: 30),
      unread.admits(.resource("a"), taken: 11, written: 30),
      unread.admits(.list(.tools), taken: 40, written: 40),
    ]
    #expect(admitted == [true, false, true, true, false, true, true])
  }

  @Test func whatWaitsIsBoundedButForLists() {
    var waiting = WaitingNotices()
    for number in 0...WaitingNotices.mostResources { waiting.add(.resource("\(number)"), [1]) }
    waiting.add(.list(.prompts), [2])
    waiting.add(.list(.prompts), [2])
    waiting.add(.resource("0"), [1])
    let all = waiting.removeAll()
    #expect(all.count == WaitingNotices.mostResources + 1 && all.last?.notice == .list(.prompts))
    #expect(waiting.isEmpty)
    let half = WaitingNotices.mostBytes / 2
    for number in 0..<5 { waiting.add(.resource("\(number)"), [UInt8](repeating: 0, count: half)) }
    waiting.add(.list(.tools), [3])
    #expect(waiting.removeAll().map(\.bytes.count) == [half, half, 1])
  }
}
