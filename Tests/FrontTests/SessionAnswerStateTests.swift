import Protocol
import Testing

@testable import Front

/// How one POST within a session is answered.
@Suite("SessionAnswerState")
struct SessionAnswerStateTests {
  enum Step {
    case tell(String)
    case answer(Int64, String)
    case commit, leave, resume, handOver, abandon
  }

  struct Row: CustomTestStringConvertible {
    let testDescription: String
    var terms = Kind.both
    var requests: Set<Int64> = [1]
    let steps: [Step]
    let actions: [String]
  }

  enum Kind {
    case both, old, json, stream, prefersJSON, streamPrefersJSON, batch

    var terms: SessionAnswerState.Terms {
      var terms = SessionAnswerState.Terms(isPrimed: true)
      switch self {
      case .both: break
      case .old: terms.isPrimed = false
      case .json: terms.accepts = AcceptedForms(["application/json"])
      case .stream: terms.accepts = AcceptedForms(["text/event-stream"])
      case .prefersJSON: terms.prefersJSON = true
      case .streamPrefersJSON:
        terms.accepts = AcceptedForms(["text/event-stream"])
        terms.prefersJSON = true
      case .batch: terms.isBatch = true
      }
      return terms
    }
  }

  private static func word(_ action: SessionAnswerState.Action) -> String {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    switch action {
    case .begin(let isPrimed): return isPrimed ? "prime" : "begin"
    case .event(let message, let isLast): return "\(isLast ? "last" : "event") \(text(message))"
    case .end: return "end"
    case .respond(let body): return "respond \(text(body))"
    case .refuse(let request): return request.map { "refuse \($0)" } ?? "refuse"
    case .supersede: return "supersede"
    case .replace: return "replace"
    }
  }

  private static let rows = [
    Row(testDescription: "at once", steps: [.answer(1, "A")], actions: ["respond A"]),
    Row(
      testDescription: "told before", steps: [.tell("T"), .answer(1, "A")], actions: ["prime", "event T", "last A"]),
    Row(
      testDescription: "slow", steps: [.commit, .tell("T"), .answer(1, "A")], actions: ["prime", "event T", "last A"]),
    Row(
      testDescription: "older revision", terms: .old, steps: [.commit, .answer(1, "A")], actions: ["begin", "last A"]),
    Row(testDescription: "JSON only", terms: .json, steps: [.tell("T"), .answer(1, "A")], actions: ["respond A"]),
    Row(testDescription: "stream only", terms: .stream, steps: [.answer(1, "A")], actions: ["prime", "last A"]),
    Row(
      testDescription: "JSON preferred", terms: .prefersJSON, steps: [.tell("T"), .answer(1, "A")],
      actions: ["respond A"]),
    Row(
      testDescription: "JSON preferred and not taken", terms: .streamPrefersJSON, steps: [.tell("T"), .answer(1, "A")],
      actions: ["prime", "event T", "last A"]),
    Row(
      testDescription: "batch", terms: .batch, requests: [1, 2], steps: [.answer(2, "B"), .answer(1, "A")],
      actions: ["respond [B,A]"]),
    Row(testDescription: "batch of one", terms: .batch, steps: [.answer(1, "A")], actions: ["respond [A]"]),
    Row(
      testDescription: "batch becomes a stream", terms: .batch, requests: [1, 2],
      steps: [.answer(1, "A"), .tell("T"), .answer(2, "B")], actions: ["prime", "event A", "event T", "last B"]),
    Row(testDescription: "left early", steps: [.leave, .commit, .tell("T"), .answer(1, "A")], actions: []),
    Row(testDescription: "left a stream", steps: [.commit, .leave, .answer(1, "A")], actions: ["prime", "last A"]),
    Row(
      testDescription: "came back", steps: [.commit, .leave, .resume, .answer(1, "A")],
      actions: ["prime", "replace", "last A"]),
    Row(
      testDescription: "asked twice", steps: [.resume, .answer(1, "A")], actions: ["supersede", "prime", "last A"]),
    Row(
      testDescription: "left early, asked again", steps: [.leave, .resume, .answer(1, "A")],
      actions: ["supersede", "prime", "last A"]),
    Row(testDescription: "asked too late", steps: [.answer(1, "A"), .resume], actions: ["respond A"]),
    Row(testDescription: "handed over", steps: [.handOver, .answer(1, "A")], actions: ["prime", "end"]),
    Row(testDescription: "handed over as a stream", steps: [.commit, .handOver], actions: ["prime", "end"]),
    Row(testDescription: "handed over, older revision", terms: .old, steps: [.handOver], actions: ["refuse 1"]),
    Row(testDescription: "handed over, JSON only", terms: .json, steps: [.handOver], actions: ["refuse 1"]),
    Row(
      testDescription: "handed over half", terms: .batch, requests: [1, 2], steps: [.answer(1, "A"), .handOver],
      actions: ["prime", "event A", "end"]),
    Row(testDescription: "abandoned", steps: [.abandon, .abandon, .answer(1, "A")], actions: ["refuse 1"]),
    Row(testDescription: "abandoned batch", terms: .batch, requests: [1, 2], steps: [.abandon], actions: ["refuse"]),
    Row(testDescription: "abandoned as a stream", steps: [.commit, .abandon, .tell("T")], actions: ["prime", "end"]),
    Row(testDescription: "abandoned by both", steps: [.leave, .abandon], actions: []),
  ]

  @Test(arguments: rows)
  func decides(row: Row) {
    var state = SessionAnswerState(Set(row.requests.map { .int($0) }), row.terms.terms)
    var actions: [SessionAnswerState.Action] = []
    for step in row.steps {
      switch step {
      case .tell(let text): actions += state.tell(Array(text.utf8))
      case .answer(let id, let text): actions += state.answer(.int(id), Array(text.utf8))
      case .commit: actions += state.commit()
      case .leave: _ = state.leave()
      case .resume: actions += state.resume()
      case .handOver: actions += state.handOver()
      case .abandon: actions += state.abandon()
      }
    }
    #expect(actions.map(Self.word) == row.actions)
  }

  @Test func onlyWhoKnowsNothingIsLost() {
    var state = SessionAnswerState([.int(1)], SessionAnswerState.Terms())
    let isLost = [state.leave(), state.leave()]
    #expect(isLost == [true, false] && state.phase == .lost && !state.isComplete)
    _ = state.answer(.int(1), [])
    #expect(state.isComplete)
  }
}
