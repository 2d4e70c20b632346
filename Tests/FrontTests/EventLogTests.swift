import Platform
import Protocol
import Testing

@testable import Front

@Suite("EventLog and SessionTable")
struct EventLogTests {
  private typealias Log = EventLog<String>

  private static let stream = EventID.Stream(daemon: 0xabc, number: 3, request: .int(7))
  private static let other = EventID.Stream(daemon: 0xabc, number: 4, request: .int(7))
  private static let start = MonotonicTime.now

  private static func texts(_ found: (events: ArraySlice<Log.Event>, isComplete: Bool)?) -> [String]? {
    found.map { $0.events.map { String(decoding: $0.data, as: UTF8.self) } }
  }

  // MARK: Ids

  @Test(arguments: [
    (EventID(stream, 0), "abc.3.0.i7"),
    (EventID(EventID.Stream(daemon: 1, number: 0, request: nil), 12), "1.0.12"),
    (EventID(EventID.Stream(daemon: 1, number: 2, request: .int(-5)), 1), "1.2.1.i-5"),
    (EventID(EventID.Stream(daemon: 1, number: 2, request: .string("5")), 1), "1.2.1.sNQ=="),
    (EventID(EventID.Stream(daemon: 1, number: 2, request: .string("")), 1), "1.2.1.s"),
    (EventID(EventID.Stream(daemon: 1, number: 2, request: .string("a.b/ü\n")), 1), "1.2.1.sYS5iL8O8Cg=="),
  ])
  func idsAreRead(id: EventID, text: String) {
    #expect(id.description == text)
    #expect(EventID(text) == id)
  }

  @Test(arguments: [
    "", ".", "..", "1.2", "1.2.3.", "1.2.3.7", "1.2.3.i", "1.2.3.i1.0", "1.2.3.ix", "1.2.-3", "-1.2.3", "01.2.3",
    "1.2.03",
    "1.2.3.s_", "1.2.3.sNQ", "1.2.3.i7.x", "ABC.3.0", "1.2.99999999999999999999", "1.2.3.i+7",
    "1.2.3.s" + String(repeating: "A", count: 400),
  ])
  func othersAreNot(text: String) { #expect(EventID(text) == nil) }

  @Test func theLongestRequestIDFits() {
    let text = String(repeating: "ü", count: EventID.longestRequestID / 2)
    let id = EventID(EventID.Stream(daemon: .max, number: 10_000_000, request: .string(text)), 1_000_000)
    #expect(EventID(id.description) == id)
  }

  // MARK: Log

  @Test func whatFollowedIsThereAndNothingElse() {
    var log = Log()
    let mine = Log.Key(session: "a", stream: Self.stream)
    let ids = ["", "one", "two"].map { log.append(Array($0.utf8), to: mine, at: Self.start) }
    _ = log.append(Array("other".utf8), to: Log.Key(session: "a", stream: Self.other), at: Self.start)
    _ = log.append(Array("foreign".utf8), to: Log.Key(session: "b", stream: Self.stream), at: Self.start)
    #expect(ids.map(\.number) == [0, 1, 2])
    #expect(Self.texts(log.events(after: ids[0], of: "a")) == ["one", "two"])
    #expect(Self.texts(log.events(after: ids[2], of: "a")) == [])
    #expect(log.events(after: ids[2], of: "a")?.isComplete == false)
    _ = log.append(Array("end".utf8), to: mine, isLast: true, at: Self.start)
    #expect(Self.texts(log.events(after: ids[2], of: "a")) == ["end"])
    #expect(log.events(after: ids[2], of: "a")?.isComplete == true)
    #expect(log.events(after: EventID(Self.stream, 4), of: "a") == nil, "never sent")
    #expect(log.events(after: ids[0], of: "c") == nil, "another session")
    log.forget(session: "a")
    #expect(log.events(after: ids[0], of: "a") == nil)
    #expect(log.streamCount == 1 && log.bytes == 7)
  }

  @Test func aStreamIsBoundedByCountAndBytes() {
    var log = Log(Log.Limits(eventsPerStream: 3, bytesPerStream: 10))
    let key = Log.Key(session: "a", stream: Self.stream)
    let ids = (0..<5).map { log.append(Array("\($0)".utf8), to: key, at: Self.start) }
    #expect(log.events(after: ids[0], of: "a") == nil, "event 1 is forgotten")
    #expect(Self.texts(log.events(after: ids[1], of: "a")) == ["2", "3", "4"])
    _ = log.append(Array("123456789".utf8), to: key, at: Self.start)
    #expect(Self.texts(log.events(after: ids[3], of: "a")) == ["4", "123456789"] && log.bytes == 10)
    _ = log.append([UInt8](repeating: 0, count: 50), to: key, at: Self.start)
    #expect(log.bytes == 50, "the newest stays")
  }

  @Test func silentStreamsAreForgottenFirst() {
    var log = Log(Log.Limits(bytes: 100))
    let keys = (0..<12).map { number in
      Log.Key(session: "a", stream: EventID.Stream(daemon: 1, number: number, request: nil))
    }
    let first = keys.map { log.append([], to: $0, at: Self.start) }
    for (index, key) in keys.enumerated() {
      _ = log.append([UInt8](repeating: 0, count: 10), to: key, at: Self.start + .seconds(index))
    }
    #expect(log.bytes <= 100)
    #expect(log.events(after: first[0], of: "a") == nil && !log.hasEvents(keys[0]))
    #expect(log.events(after: first[11], of: "a") != nil && log.hasEvents(keys[11]))
    _ = log.append([UInt8](repeating: 0, count: 500), to: keys[11], at: Self.start)
    #expect(log.bytes == 510)
    #expect(keys.count { log.hasEvents($0) } == 1)
    // Numbers are not given twice.
    let next = log.append([1], to: keys[0], at: Self.start)
    #expect(next.number == 2)
  }

  @Test func oldEventsAreForgotten() {
    var log = Log()
    let keys = (0..<3).map { Log.Key(session: "a", stream: EventID.Stream(daemon: 1, number: $0, request: nil)) }
    for (index, key) in keys.enumerated() {
      _ = log.append([], to: key, at: Self.start)
      _ = log.append([1], to: key, isLast: index == 0, at: Self.start)
    }
    let first = keys.map { EventID($0.stream, 0) }
    log.prune(at: Self.start + .seconds(300)) { _ in false }
    #expect(keys.allSatisfy { log.hasEvents($0) })
    log.prune(at: Self.start + .seconds(301)) { $0 != keys[2] }
    #expect(first.allSatisfy { log.events(after: $0, of: "a") == nil } && log.bytes == 0)
    #expect(log.streamCount == 1, "one is still in use")
    let next = log.append([2], to: keys[1], at: Self.start)
    #expect(next.number == 2)
    log.forget(session: "a")
    #expect(log.streamCount == 0 && !log.hasStreams(of: "a"))
  }

  @Test func aSessionIsForgottenAtOnce() {
    var log = Log()
    for session in 0..<2000 {
      for number in 0..<3 {
        let stream = EventID.Stream(daemon: 1, number: number, request: nil)
        _ = log.append([1, 2], to: Log.Key(session: "\(session)", stream: stream), at: Self.start)
      }
    }
    #expect(log.streamCount == 6000 && log.bytes == 12_000)
    // The walk through all streams for each session would take seconds.
    let began = MonotonicTime.now
    for session in 0..<2000 { log.forget(session: "\(session)") }
    #expect(MonotonicTime.now.milliseconds(since: began) < 500)
    #expect(log.streamCount == 0 && log.bytes == 0)
  }

  // MARK: Sessions

  @Test func aSessionIsItsOwners() {
    var table = SessionTable<Int>()
    let added = [
      table.add(1, id: "x", owner: "me", at: Self.start), table.add(2, id: "x", owner: "me", at: Self.start),
    ]
    #expect(added == [true, false])
    let found = [("x", "me"), ("x", "you"), ("y", "me")].map { table.use($0, owner: $1, at: Self.start) }
    #expect(found == [1, nil, nil])
    let removed = table.remove("x")
    let foundAgain = table.use("x", owner: "me", at: Self.start)
    #expect(removed == 1 && foundAgain == nil)
  }

  @Test func sessionsExpireWhenNobodyUsesThem() {
    var table = SessionTable<Int>()
    for number in 0..<3 { _ = table.add(number, id: "\(number)", owner: "", at: Self.start) }
    let later = Self.start + .seconds(1000)
    _ = table.use("1", owner: "", at: later)
    let expired = [
      table.expire(at: Self.start + .seconds(1800), isBusy: { _ in false }),
      table.expire(at: Self.start + .seconds(1801), isBusy: { $0 == 2 }),
      table.expire(at: later + .seconds(1801), isBusy: { _ in false }),
      table.expire(at: Self.start + .seconds(3602), isBusy: { _ in false }),
    ]
    #expect(expired == [[], [0], [1], [2]])
    #expect(table.count == 0)
  }

  @Test func disuseIsKnownInQuarters() {
    var table = SessionTable<Int>()
    _ = table.add(1, id: "1", owner: "", at: Self.start)
    let seconds = [0, 449, 450, 900, 1350, 1799, 9999]
    #expect(seconds.map { table.unusedQuarters(of: "1", at: Self.start + .seconds($0)) } == [0, 0, 1, 2, 3, 3, 3])
    // The next daemon knows that much of it; what it reads may be anything.
    for (quarters, known) in [(2, 2), (7, 3), (-1, 0)] {
      var next = SessionTable<Int>()
      _ = next.add(1, id: "1", owner: "", at: Self.start, unusedQuarters: quarters)
      #expect(next.unusedQuarters(of: "1", at: Self.start) == known)
      let left = Duration.seconds(1800 - 450 * known)
      let expired = [left, left + .seconds(1)].map { next.expire(at: Self.start + $0, isBusy: { _ in false }) }
      #expect(expired == [[], [1]])
    }
  }

  @Test func thereIsALimit() {
    var table = SessionTable<Int>(SessionTable.Limits(sessions: 2))
    let added = (0..<3).map { table.add($0, id: "\($0)", owner: "", at: Self.start) }
    #expect(added == [true, true, false])
    #expect(table.isFull)
  }

  @Test func idsAreRandomAndVisible() {
    let ids = (0..<1000).map { _ in SessionTable<Int>.freshID() }
    #expect(Set(ids).count == 1000)
    #expect(ids.allSatisfy { $0.utf8.count == 32 && $0.utf8.allSatisfy { (0x21...0x7e).contains($0) } })
  }
}
