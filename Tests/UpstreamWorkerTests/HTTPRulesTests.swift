import Platform
import Protocol
import Testing

@testable import UpstreamWorker

/// The pure parts of the HTTP transport.
@Suite struct HTTPRulesTests {
  // MARK: ToolHeaders

  @Test func toolsThatCannotBeCalledAreLeftOut() {
    var headers = ToolHeaders()
    var problems: [String] = []
    let good = JSONSlice.trusted(
      #"{"name":"good","inputSchema":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}}"#)
    let bad = JSONSlice.trusted(#"{"name":"bad","inputSchema":{"x-mcp-header":"A"}}"#)
    let plain = JSONSlice.trusted(#"{"name":"plain","inputSchema":{"type":"object"}}"#)
    let kept = headers.take([good, bad, plain], isComplete: true) { problems.append($0) }
    #expect(kept.compactMap { $0.member("name")?.string } == ["good", "plain"])
    #expect(problems == ["tool bad is left out: x-mcp-header stands where no property of the arguments is"])
    let call = JSONSlice.trusted(#"{"name":"good","arguments":{"a":"b"}}"#)
    #expect(headers.headers(for: call) == [ParameterHeader(name: "A", value: "b")])
    _ = headers.take([], isComplete: false) { _ in }
    #expect(headers.headers(for: call).count == 1, "a list that broke off says nothing about the rest")
    _ = headers.take([plain], isComplete: true) { _ in }
    #expect(headers.headers(for: call).isEmpty)
  }

  // MARK: RetryAfter

  @Test(
    arguments: [
      ("0", 0), ("120", 120), (" 7", 7), ("7200", 3600), ("99999999999999999999999", 3600),
      ("Sun, 06 Nov 1994 08:49:37 GMT", 60), ("Sunday, 06-Nov-94 08:49:37 GMT", 60), ("Sun Nov  6 08:49:37 1994", 60),
      ("Sun, 06 Nov 1994 08:48:00 GMT", 0), ("Sat, 01 Jan 2050 00:00:00 GMT", 3600),
      ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
      (nil, nil), ("", nil), ("-1", nil), ("1.5", nil), ("soon", nil), ("Sun, 06 Nov 1994 08:49:37", nil),
      ("Sun, 06 Foo 1994 08:49:37 GMT", nil), ("Sun, 99 Nov 1994 08:49:37 GMT", nil),
      ("Sun, 06 Nov 1994 28:49:37 GMT", nil),
      ("Sun, 06 Nov 1994 08:49:37 GMT and so on and on and on and on and on", nil),
    ] as [(String?, Int?)])
  func retryAfter(value: String?, seconds: Int?) {
    #expect(RetryAfter.parse(value, now: 784_111_717) == seconds.map { .seconds($0) })
  }

  @Test(arguments: [("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000), ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200)])
  func leapDays(date: String, seconds: Int) {
    #expect(RetryAfter.parse(date, now: seconds - 10) == .seconds(10))
  }

  // MARK: BodyExcerpt

  @Test(
    arguments: [
      ("", "HTTP 404"), ("  \r\n\t", "HTTP 404"), ("not found", "HTTP 404: not found"),
      ("a\r\n\r\n  b\u{0}c\u{1b}[31m", "HTTP 404: a b c [31m"), ("token sesame-street here", "HTTP 404: token … here"),
      ("sesame-streetsesame-street", "HTTP 404: ……"), ("abc", "HTTP 404: abc"),
    ])
  func excerpts(body: String, sentence: String) {
    let excerpt = BodyExcerpt(hiding: ["sesame-street", "abc", ""])
    #expect(excerpt.sentence(status: 404, Array(body.utf8)) == sentence)
  }

  @Test(
    arguments: [
      ("token sesame-street", "token …"), ("user hunter:swordfish!", "user …"), ("swordfish!", "…"),
      ("Basic aHVudGVyOnN3b3JkZmlzaCE=", "…"), ("aHVudGVyOnN3b3JkZmlzaCE=", "…"), ("key=k/e y-value", "key=…"),
      ("you asked for /mcp?key=k%2Fe+y-value&x=1", "you asked for /mcp?…"),
      (#"{"key":"k\/e y-value"}"#, #"{"key":"…"}"#),
      ("k%2Fe%20y-value", "…"), ("an x", "an x"),
    ])
  func excerptsHideWhatWasSent(body: String, text: String) {
    let values = ["Bearer sesame-street", "Basic aHVudGVyOnN3b3JkZmlzaCE="]
    let excerpt = BodyExcerpt(hiding: values + BodyExcerpt.secrets(ofQuery: "key=k%2Fe+y-value&x=1"))
    #expect(excerpt.text(Array(body.utf8)) == text)
  }

  /// Also where the part of a body ends that is looked at.
  @Test func excerptsCutNoSecret() {
    let excerpt = BodyExcerpt(hiding: ["sesame-street"])
    let body = [UInt8](repeating: 0x20, count: BodyExcerpt.mostBytes - 6) + Array("sesame-street".utf8)
    #expect(excerpt.text(body) == "…")
  }

  @Test func excerptsAreShort() {
    let excerpt = BodyExcerpt()
    #expect(excerpt.text([UInt8](repeating: 0x78, count: 10_000_000)).count == BodyExcerpt.longest)
    #expect(excerpt.text([0xff, 0xfe, 0x41]) == "\u{fffd}\u{fffd}A")
  }

  // MARK: AnswerForm

  @Test(
    arguments: [
      (200, "application/json", true, AnswerForm.json), (200, "text/event-stream", true, .eventStream),
      (201, "application/json", true, .json), (200, "", false, .accepted), (202, "", false, .accepted),
      (200, "text/html", false, .accepted), (400, "application/json", true, .refused), (302, "", true, .refused),
      (503, "", false, .refused),
    ])
  func answerForms(status: Int, type: String, isRequest: Bool, form: AnswerForm) {
    #expect(AnswerForm(status: status, mediaType: type, isRequest: isRequest) == form)
  }

  @Test(arguments: [(202, "application/json"), (204, ""), (200, "text/html"), (200, ""), (200, "application/xml")])
  func answersOfNoUse(status: Int, type: String) {
    guard case .unusable = AnswerForm(status: status, mediaType: type, isRequest: true) else {
      Issue.record("\(status) \(type) is taken for an answer")
      return
    }
  }

  // MARK: Resumption

  @Test func aStreamWithoutIDIsLost() {
    var resumption = Resumption()
    var delays = [resumption.broken()]
    // Neither none at all nor one that could not be sent back.
    for id in ["", "a\nb"] {
      resumption.note(eventID: id, retryMilliseconds: 10)
      delays.append(resumption.broken())
    }
    #expect(delays == [nil, nil, nil])
  }

  @Test func aStreamIsTakenUpAgainSoManyTimes() {
    var resumption = Resumption()
    resumption.note(eventID: "e1", retryMilliseconds: nil)
    var delays: [Duration?] = []
    for _ in 1...6 { delays.append(resumption.broken()) }
    #expect(delays == [Duration?](repeating: .seconds(1), count: 5) + [nil])
    delays = []
    resumption.accepted()
    for (id, retry) in [("e2", 300), ("", 0), ("", Int(Int32.max))] {
      resumption.note(eventID: id, retryMilliseconds: retry)
      delays.append(resumption.broken())
      #expect(resumption.lastEventID == "e2")
    }
    #expect(delays == [.milliseconds(300), Resumption.shortestDelay, Resumption.longestDelay])
  }

  // MARK: StreamPlan

  private func time(_ seconds: Int) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds) * 1_000_000_000) }

  @Test func aStreamThatWillNotStayIsOpenedLessAndLessOften() {
    var plan = StreamPlan()
    var steps: [StreamPlan.Step] = []
    var missed: [Bool] = []
    for second in 0..<8 {
      missed.append(plan.opened(at: time(second)))
      steps.append(plan.ended(at: time(second)))
    }
    #expect(steps == [1, 2, 4, 8, 16, 32, 60, 60].map { .open(after: .seconds($0)) })
    #expect(missed == [false] + [Bool](repeating: true, count: 7))
    _ = plan.opened(at: time(100))
    let afterGoodLife = plan.ended(at: time(200))
    #expect(afterGoodLife == .open(after: .seconds(1)))
    _ = plan.opened(at: time(300))
    let asAsked = plan.ended(at: time(400), retryMilliseconds: 5_000)
    #expect(asAsked == .open(after: .seconds(5)))
  }

  @Test(
    arguments: [
      (405, StreamPlan.Step.never), (404, .never), (400, .never), (401, .never), (406, .never), (501, .never),
      (503, .open(after: .seconds(9))), (429, .open(after: .seconds(9))), (409, .open(after: .seconds(9))),
    ])
  func refusedStreams(status: Int, expected: StreamPlan.Step) {
    var plan = StreamPlan()
    let step = plan.refused(status: status, retryAfter: .seconds(9), hasSession: true)
    #expect(step == expected)
  }

  @Test(arguments: [(true, StreamPlan.Step.sessionLost), (false, .never)])
  func aStreamThatIsUnknownNowMeansALostSession(hasSession: Bool, expected: StreamPlan.Step) {
    var plan = StreamPlan()
    _ = plan.opened(at: time(0))
    _ = plan.ended(at: time(1))
    let step = plan.refused(status: 404, retryAfter: nil, hasSession: hasSession)
    #expect(step == expected)
  }

  // MARK: Reachability

  @Test func severalFailuresInARowEndASession() {
    var reachability = Reachability()
    // The second one comes at the same moment.
    let early = [0, 0, 1].map { reachability.failed(at: time($0)) }
    reachability.answered()
    let late = [2, 3, 4].map { reachability.failed(at: time($0)) }
    #expect(early == [false, false, false] && late == [false, false, true])
  }

  @Test func aFailedProbeCountsTwice() {
    var reachability = Reachability()
    let call = reachability.failed(at: time(0))
    let probe = reachability.failed(at: time(0), isProbe: true)
    reachability.answered()
    let probes = [1, 2].map { reachability.failed(at: time($0), isProbe: true) }
    #expect(!call && probe && probes == [false, true])
  }

  // MARK: ListBackoff

  @Test func listsWaitAfterAnOutage() {
    var backoff = ListBackoff()
    #expect(backoff.delay(at: time(1)) == .zero)
    backoff.failed(at: time(1), retryAfter: nil)
    #expect(backoff.delay(at: time(1)) == .seconds(1))
    backoff.failed(at: time(2), retryAfter: .seconds(30))
    #expect(backoff.delay(at: time(2)) == .seconds(30))
    backoff.failed(at: time(3), retryAfter: nil)
    #expect(backoff.delay(at: time(3)) == .seconds(29), "what was asked for still holds")
    backoff.succeeded()
    #expect(backoff.delay(at: time(3)) == .zero)
  }
}
