import Platform
import Protocol
import Testing

@testable import Front

/// Who is first, who waits, who gets what was kept, and what has to go.
@Suite("idempotency book") struct IdempotencyBookTests {
  private typealias Book = IdempotencyBook

  private static func request(_ key: String, _ arguments: String = "{}", id: String = "s.t") -> KeyedRequest {
    KeyedRequest(IdempotencyKey(text: key), .capability, id: id, payload: .trusted(arguments))
  }

  private static func operation(_ number: UInt64) -> OperationID { OperationID(high: 1, low: number) }

  private static func moment(_ seconds: Int64) -> Book.Moment {
    Book.Moment(time: MonotonicTime(nanoseconds: seconds * 1_000_000_000), wall: 1_000_000 + seconds * 1000)
  }

  private static func result(_ text: String) -> KeptResult { KeptResult(.success(.trusted(text))) }

  /// A book with the operations of one test.
  private final class Desk {
    var book: Book
    var dropped: [IdempotencyKey] = []
    var now: Int64 = 0

    init(_ limits: Book.Limits = Book.Limits()) { book = Book(limits: limits) }

    func admit(
      _ number: UInt64, _ key: String, _ arguments: String = "{}", id: String = "s.t"
    ) -> Book.Admission {
      book.admit(
        IdempotencyBookTests.request(key, arguments, id: id), .capability, entryID: id,
        as: IdempotencyBookTests.operation(number), now: IdempotencyBookTests.moment(now), dropped: &dropped)
    }

    func forget(_ number: UInt64) -> Book.Ended? { book.forget(IdempotencyBookTests.operation(number)) }

    func expire(at seconds: Int64) -> [IdempotencyKey] {
      book.expire(now: IdempotencyBookTests.moment(seconds).time)
    }

    func resume(_ record: KeptRecord, as number: UInt64) -> Bool {
      book.resume(record, as: IdempotencyBookTests.operation(number))
    }

    func restore(_ record: KeptRecord) -> Bool { book.restore(record, now: IdempotencyBookTests.moment(now)) }

    var nextExpiry: MonotonicTime? { book.nextExpiry() }

    @discardableResult
    func finish(_ number: UInt64, _ text: String = "1") -> Book.Ended? {
      book.finish(
        IdempotencyBookTests.operation(number), IdempotencyBookTests.result(text),
        now: IdempotencyBookTests.moment(now))
    }
  }

  @Test("the first is carried out, the second waits, the third gets what was kept")
  func order() throws {
    let desk = Desk()
    #expect(desk.admit(1, "k") == .first)
    #expect(desk.book.leads(Self.operation(1)))
    #expect(desk.admit(2, "k") == .wait)
    #expect(desk.book.waits(Self.operation(2)) && !desk.book.leads(Self.operation(2)))
    let ended = try #require(desk.finish(1, #"{"x":1.0}"#))
    #expect(ended.waiters == [Self.operation(2)] && ended.dropped.isEmpty)
    #expect(ended.record?.finishedAt == 1_000_000)
    #expect(!desk.book.leads(Self.operation(1)) && !desk.book.waits(Self.operation(2)))
    #expect(desk.admit(3, "k") == .replay(Self.result(#"{"x":1.0}"#)))
    #expect(desk.finish(1) == nil, "once")
    #expect(desk.admit(4, "other") == .first)
  }

  @Test(
    "a key stands for one kind, id and arguments",
    arguments: [
      ("{}", "s.t", true), (" { } ", "s.t", true), (#"{"a":1}"#, "s.t", false), ("{}", "s.u", false),
    ])
  func binding(arguments: String, id: String, isSame: Bool) {
    for isFinished in [false, true] {
      let desk = Desk()
      #expect(desk.admit(1, "k") == .first)
      if isFinished { desk.finish(1) }
      let same: Book.Admission = isFinished ? .replay(Self.result("1")) : .wait
      #expect(desk.admit(2, "k", arguments, id: id) == (isSame ? same : .reused))
    }
  }

  @Test("kinds, principals and the order of members make another key or binding")
  func distinct() {
    let one = KeyedRequest(IdempotencyKey(text: "k"), .capability, id: "x", payload: nil)
    #expect(KeyedRequest(IdempotencyKey(text: "k"), .prompt, id: "x", payload: nil).binding != one.binding)
    #expect(KeyedRequest(IdempotencyKey(text: "k"), .capability, id: "x", payload: .null).binding == one.binding)
    #expect(IdempotencyKey(principal: "a", text: "k") != IdempotencyKey(principal: "b", text: "k"))
    #expect(Self.request("k", #"{"a":1,"b":2}"#).binding != Self.request("k", #"{"b":2,"a":1}"#).binding)
    #expect(Self.request("k", "{\"a\":\t[1 ,2]}").binding == Self.request("k", #"{"a":[1,2]}"#).binding)
  }

  @Test("what was not sent leaves the key to the next one")
  func notSent() throws {
    let desk = Desk()
    #expect(desk.admit(1, "k") == .first)
    #expect(desk.admit(2, "k") == .wait)
    let ended = try #require(desk.forget(1))
    #expect(ended.waiters == [Self.operation(2)])
    #expect(ended.dropped.isEmpty, "no record was written")
    #expect(desk.admit(3, "k", #"{"other":true}"#) == .first)
    let record = desk.book.sending(
      Self.operation(3), server: "s", boot: "b", askedAt: MonotonicTime(nanoseconds: 7))
    #expect(record?.server == "s" && record?.askedAt == 7 && record?.result == nil)
    #expect(desk.forget(3)?.dropped == [IdempotencyKey(text: "k")])
    #expect(desk.book.count == 0)
  }

  @Test("one that leaves is not answered")
  func leaves() throws {
    let desk = Desk()
    #expect(desk.admit(1, "k") == .first)
    #expect(desk.admit(2, "k") == .wait)
    #expect(desk.admit(3, "k") == .wait)
    desk.book.leave(Self.operation(2))
    desk.book.leave(Self.operation(9))
    #expect(desk.finish(1)?.waiters == [Self.operation(3)])
  }

  @Test("an outcome lives for an hour, a key in progress until it has one")
  func expiry() {
    let desk = Desk()
    #expect(desk.admit(1, "slow") == .first)
    #expect(desk.admit(2, "k") == .first)
    #expect(desk.nextExpiry == nil)
    desk.now = 10
    desk.finish(2)
    #expect(desk.nextExpiry == Self.moment(3610).time)
    #expect(desk.expire(at: 3609).isEmpty)
    #expect(desk.expire(at: 3610) == [IdempotencyKey(text: "k")])
    desk.now = 1_000_000
    #expect(desk.admit(3, "slow") == .wait)
    #expect(desk.admit(4, "k") == .first)
    #expect(desk.book.bytes == 0)
  }

  @Test("room is made by what has been finished longest, never by what is in progress")
  func room() {
    var limits = Book.Limits()
    limits.records = 3
    limits.waiters = 1
    let desk = Desk(limits)
    #expect(desk.admit(1, "a") == .first)
    #expect(desk.admit(2, "b") == .first)
    #expect(desk.admit(3, "c") == .first)
    #expect(desk.admit(4, "d") == .full)
    desk.finish(2)
    desk.finish(1)
    #expect(desk.admit(5, "d") == .first)
    #expect(desk.dropped == [IdempotencyKey(text: "b")])
    #expect(desk.admit(6, "b") == .first)
    #expect(desk.dropped.map(\.text) == ["b", "a"])
    #expect(desk.admit(7, "e") == .full)
    #expect(desk.admit(8, "b") == .wait)
    #expect(desk.admit(9, "b") == .full, "as many wait as may")
  }

  @Test("outcomes together have a limit")
  func bytes() throws {
    var limits = Book.Limits()
    limits.bytes = 40
    let desk = Desk(limits)
    for (number, key) in ["a", "b", "c"].enumerated() {
      #expect(desk.admit(UInt64(number), key) == .first)
      let ended = try #require(desk.finish(UInt64(number), #""12345""#))
      #expect(ended.dropped.map(\.text) == (key == "c" ? ["a"] : []))
    }
    #expect(desk.book.bytes == 2 * Self.result(#""12345""#).bytes.count)
    #expect(desk.admit(9, "a") == .first)
    #expect(desk.admit(10, "b") == .replay(Self.result(#""12345""#)))
  }

  // MARK: An earlier daemon

  private static func record(_ key: String, finishedAt: Int64?, _ result: String = "1") -> KeptRecord {
    KeptRecord(
      principal: "local", key: key, binding: request(key).binding.hex, kind: "capability", entry: "s.t", server: "s",
      operation: operation(77).description, boot: "b", askedAt: 5, createdAt: 900, finishedAt: finishedAt,
      result: finishedAt.map { _ in Self.result(result).bytes })
  }

  @Test(
    "records with an outcome live on for the rest of their hour",
    arguments: [
      (0, true, 3600), (3_599_000, true, 1), (3_600_000, false, 0), (99_999_999, false, 0), (-5000, true, 3600),
    ] as [(Int64, Bool, Int64)])
  func restored(age: Int64, isKept: Bool, rest: Int64) {
    let desk = Desk()
    desk.now = 100
    let now = Self.moment(desk.now)
    #expect(desk.restore(Self.record("k", finishedAt: now.wall - age)) == isKept)
    #expect(desk.nextExpiry == (isKept ? now.time + .seconds(rest) : nil))
    #expect(desk.admit(1, "k") == (isKept ? .replay(Self.result("1")) : .first))
  }

  @Test("an operation that a worker still has is waited for")
  func resumed() throws {
    let desk = Desk()
    let record = Self.record("k", finishedAt: nil)
    #expect(desk.resume(record, as: 77))
    #expect(!desk.resume(record, as: 78), "the key is taken")
    #expect(desk.admit(1, "k") == .wait)
    #expect(desk.admit(2, "k", #"{"a":1}"#) == .reused)
    let ended = try #require(desk.finish(77))
    #expect(ended.waiters == [Self.operation(1)])
    #expect(ended.record?.createdAt == 900 && ended.record?.askedAt == 5)
    #expect(desk.book.holds(record))
    #expect(!desk.book.holds(Self.record("other", finishedAt: nil)))
  }

  @Test func list() {
    let desk = Desk()
    #expect(desk.admit(1, "b") == .first)
    desk.now = 1
    #expect(desk.admit(2, "a", id: "é\"") == .first)
    #expect(desk.admit(3, "b") == .wait)
    desk.now = 2
    desk.finish(1)
    #expect(desk.admit(4, "b") == .replay(Self.result("1")))
    var empty = JSONWriter()
    desk.book.writeRecords(of: "other", to: &empty) { "\($0)" }
    #expect(empty.finish() == Array("[]".utf8))
    var writer = JSONWriter()
    desk.book.writeRecords(of: "local", to: &writer) { "T\($0)" }
    #expect(
      String(decoding: writer.finish(), as: UTF8.self)
        == #"[{"key":"b","kind":"capability","id":"s.t","state":"completed","created_at":"T1000000","#
        + #""finished_at":"T1002000","replay_count":2},{"key":"a","kind":"capability","id":"é\"","#
        + #""state":"in_progress","created_at":"T1001000","finished_at":null,"replay_count":0}]"#)
  }
}
