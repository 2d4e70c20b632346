import Platform
import Protocol
import TestSupport
import Testing
import Transport

/// Answers find their requests, and every request has exactly one outcome.
@Suite(.timeLimit(.minutes(5))) struct PendingRequestsTests {
  /// The outcomes of requests as text, by the order in which they came.
  final class Log {
    var entries: [String] = []

    func handler(_ name: String) -> PendingRequests.Handler {
      { [unowned self] result in
        switch result {
        case .success(let value): entries.append("\(name): \(String(decoding: value.bytes, as: UTF8.self))")
        case .failure(.refused(let code, let message, let data)):
          entries.append("\(name): \(code) \(message) \(data.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "-")")
        case .failure(let failure): entries.append("\(name): \(failure)")
        }
      }
    }
  }

  static func message(_ text: String) -> JSONRPCMessage {
    guard let message = try? JSONRPCMessage(parsing: Array(text.utf8)) else { fatalError("no message: \(text)") }
    return message
  }

  static func answer(_ id: RequestID, _ result: String = "{}") -> JSONRPCMessage {
    guard case .int(let number) = id else { fatalError("ids are integers") }
    return message(#"{"jsonrpc":"2.0","id":\#(number),"result":\#(result)}"#)
  }

  @Test func answersFindTheirRequestsInAnyOrder() async throws {
    try await LoopThread.run { on in
      let pending = PendingRequests(loop: on.loop)
      let log = Log()
      let ids = (0..<3).map { pending.add(timeout: .seconds(60), log.handler("\($0)")) }
      #expect(Set(ids).count == 3 && pending.count == 3)
      #expect(pending.take(Self.answer(ids[2], "[1, 2]")))
      #expect(pending.take(Self.answer(ids[0], "null")))
      #expect(pending.count == 1)
      #expect(!pending.take(Self.answer(ids[0])), "answered already")
      #expect(pending.take(Self.answer(ids[1], #"{"a":1}"#)))
      #expect(log.entries == ["2: [1, 2]", "0: null", #"1: {"a":1}"#])
      #expect(pending.count == 0)
    }
  }

  @Test(arguments: [
    (
      #"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no method","data":{"x":1}}}"#,
      #"-32601 no method {"x":1}"#
    ),
    (#"{"jsonrpc":"2.0","id":1,"error":{"code":5,"message":"m"}}"#, "5 m -"),
  ])
  func errorsAreRefusals(text: String, expected: String) async throws {
    try await LoopThread.run { on in
      let pending = PendingRequests(loop: on.loop)
      let log = Log()
      #expect(pending.add(timeout: nil, log.handler("0")) == .int(1))
      #expect(pending.take(Self.message(text)))
      #expect(log.entries == ["0: \(expected)"])
    }
  }

  @Test(arguments: [
    #"{"jsonrpc":"2.0","id":2,"result":{}}"#, #"{"jsonrpc":"2.0","id":"1","result":{}}"#,
    #"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}"#, #"{"jsonrpc":"2.0","id":1,"method":"m"}"#,
    #"{"jsonrpc":"2.0","method":"m"}"#, #"{"jsonrpc":"2.0","id":"1","error":{"code":1,"message":"m"}}"#,
  ])
  func whatIsNoAnswerToUsChangesNothing(text: String) async throws {
    try await LoopThread.run { on in
      let pending = PendingRequests(loop: on.loop)
      let log = Log()
      let id = pending.add(timeout: nil, log.handler("0"))
      #expect(!pending.take(Self.message(text)))
      #expect(log.entries.isEmpty && pending.count == 1)
      #expect(pending.take(Self.answer(id)))
    }
  }

  @Test func timeoutsComeOnceAndLateAnswersAreNobodys() async throws {
    try await LoopThread.run { on in
      let pending = PendingRequests(loop: on.loop)
      let log = Log()
      let slow = pending.add(timeout: .milliseconds(10), log.handler("slow"))
      let quick = pending.add(timeout: .milliseconds(10), log.handler("quick"))
      let patient = pending.add(timeout: nil, log.handler("patient"))
      #expect(pending.take(Self.answer(quick)))
      #expect(await eventually { log.entries.count == 2 })
      #expect(log.entries == ["quick: {}", "slow: no answer within 10 ms"])
      #expect(!pending.take(Self.answer(slow)))
      // Longer than every timeout.
      await withCheckedContinuation { continuation in
        on.loop.schedule(after: .milliseconds(20)) { continuation.resume() }
      }
      #expect(log.entries.count == 2 && pending.count == 1)
      #expect(pending.take(Self.answer(patient)))
    }
  }

  @Test func theEndFailsEverythingInTheOrderOfTheRequests() async throws {
    try await LoopThread.run { on in
      let pending = PendingRequests(loop: on.loop)
      let log = Log()
      let ids = (0..<50).map { pending.add(timeout: .milliseconds(5), log.handler("\($0)")) }
      #expect(pending.take(Self.answer(ids[10])))
      pending.failAll("the worker is gone")
      pending.failAll("again")
      #expect(pending.count == 0)
      await withCheckedContinuation { continuation in
        on.loop.schedule(after: .milliseconds(15)) { continuation.resume() }
      }
      #expect(log.entries == ["10: {}"] + (0..<50).filter { $0 != 10 }.map { "\($0): the worker is gone" })
    }
  }

  @Test func handlersMayUseWhatCallsThem() async throws {
    try await LoopThread.run { on in
      let pending = PendingRequests(loop: on.loop)
      let log = Log()
      let second = RequestID.int(2)
      // The first failure answers the second request and adds a third.
      _ = pending.add(timeout: nil) { _ in
        log.entries.append("first")
        #expect(pending.take(Self.answer(second)))
        _ = pending.add(timeout: nil, log.handler("third"))
        pending.failAll("inner")
      }
      #expect(pending.add(timeout: nil, log.handler("second")) == second)
      pending.failAll("outer")
      #expect(log.entries == ["first", "second: {}", "third: inner"])
      #expect(pending.count == 0)
    }
  }

  /// A random walk: whatever happens in whatever order, nobody is called twice or forgotten.
  @Test func everyRequestHasExactlyOneOutcome() async throws {
    try await LoopThread.run { on in
      let pending = PendingRequests(loop: on.loop)
      var outcomes: [Int] = []
      var ids: [RequestID] = []
      for step in 0..<3000 {
        switch Int.random(in: 0..<10) {
        case 0..<5:
          let index = ids.count
          outcomes.append(0)
          let timeout: Duration? = Bool.random() ? .milliseconds(Int.random(in: 0...5)) : nil
          ids.append(pending.add(timeout: timeout) { _ in outcomes[index] += 1 })
        case 5..<9:
          if let id = ids.randomElement() { pending.take(Self.answer(id)) }
        default:
          if step % 50 == 0 { pending.failAll("end") } else { await turn() }
        }
        #expect(outcomes.filter { $0 == 0 }.count == pending.count)
      }
      pending.failAll("end")
      #expect(outcomes.allSatisfy { $0 == 1 } && pending.count == 0)
    }
  }
}
