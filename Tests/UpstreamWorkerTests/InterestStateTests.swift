import Protocol
import Testing

@testable import UpstreamWorker

/// What a legacy upstream is asked for, from what is wanted and what it has acknowledged.
@Suite struct InterestStateTests {
  static func session(_ capabilities: String, _ revision: ProtocolRevision = .november2025) -> Established {
    Established(revision: revision, capabilities: .trusted(capabilities), serverInfo: nil, instructions: nil)
  }

  private static let all = #"{"logging":{},"resources":{"subscribe":true}}"#

  private func state(_ capabilities: String = all) -> InterestState {
    var state = InterestState()
    state.reset(Self.session(capabilities))
    return state
  }

  private func wanting(_ level: MessageLevel?, _ uris: String...) -> Interests {
    Interests(logLevel: level, resources: uris)
  }

  @Test(
    arguments: [
      (all, ProtocolRevision.november2025, [.setLevel(.info), .subscribe("a"), .subscribe("b")]),
      (#"{"logging":{}}"#, .november2025, [.setLevel(.info)]),
      (#"{"resources":{"subscribe":true}}"#, .november2024, [.subscribe("a"), .subscribe("b")]),
      // The official SDK 1.x says false in any case.
      (#"{"resources":{"subscribe":false},"tools":{}}"#, .november2025, [.subscribe("a"), .subscribe("b")]),
      ("{}", .june2025, []), (#"{"tools":{},"prompts":{}}"#, .march2025, []),
      // Levels go with each request, resources into the filter of `subscriptions/listen`.
      (all, .july2026, []),
    ] as [(String, ProtocolRevision, [InterestState.Step])])
  func onlyWhatIsAnnounced(capabilities: String, revision: ProtocolRevision, steps: [InterestState.Step]) {
    var state = InterestState()
    state.want(wanting(.info, "b", "a"))
    #expect(state.next().isEmpty, "there is no session yet")
    state.reset(Self.session(capabilities, revision))
    #expect(state.next() == steps)
    #expect(state.next().isEmpty, "nothing is asked twice")
  }

  @Test func levels() {
    var state = state()
    #expect(state.next().isEmpty, "nobody wants anything")
    state.want(wanting(.warning))
    #expect(state.next() == [.setLevel(.warning)])
    state.want(wanting(.debug))
    #expect(state.next().isEmpty, "one at a time")
    #expect(state.ended(.setLevel(.warning), isDone: true) == nil)
    #expect(state.next() == [.setLevel(.debug)])
    _ = state.ended(.setLevel(.debug), isDone: false)
    #expect(state.next().isEmpty, "what was refused is not asked again")
    state.want(wanting(.error))
    #expect(state.next() == [.setLevel(.error)])
    _ = state.ended(.setLevel(.error), isDone: true)
    state.want(.none)
    #expect(state.next() == [.setLevel(InterestState.restingLevel)])
    _ = state.ended(.setLevel(.info), isDone: true)
    #expect(state.next().isEmpty)
  }

  @Test func subscriptions() {
    var state = state()
    state.want(wanting(nil, "a", "b"))
    #expect(state.next() == [.subscribe("a"), .subscribe("b")])
    _ = state.ended(.subscribe("a"), isDone: true)
    state.want(wanting(nil, "b", "c"))
    #expect(state.next() == [.subscribe("c"), .unsubscribe("a")])
    // Wanted and unwanted while the upstream has not answered: what counts is the end.
    state.want(wanting(nil, "a"))
    #expect(state.next().isEmpty)
    _ = state.ended(.subscribe("b"), isDone: true)
    _ = state.ended(.subscribe("c"), isDone: false)
    _ = state.ended(.unsubscribe("a"), isDone: true)
    #expect(Set(state.next()) == [.unsubscribe("b"), .subscribe("a")])
    _ = state.ended(.subscribe("a"), isDone: true)
    _ = state.ended(.unsubscribe("b"), isDone: false)
    #expect(state.subscribed == ["a"] && state.next().isEmpty)
  }

  @Test func whatWasRefusedIsAskedAgainWhenItIsWantedAnew() {
    var state = state()
    state.want(wanting(nil, "a"))
    #expect(state.next() == [.subscribe("a")])
    _ = state.ended(.subscribe("a"), isDone: false)
    state.want(wanting(nil, "a", "b"))
    #expect(state.next() == [.subscribe("b")])
    state.want(wanting(nil, "b"))
    state.want(wanting(nil, "a", "b"))
    #expect(state.next() == [.subscribe("a")])
  }

  @Test func anotherSessionIsToldEverything() {
    var state = state()
    state.want(wanting(.notice, "a", "b", "c"))
    for step in state.next() where step != .subscribe("c") { #expect(state.ended(step, isDone: true) == nil) }
    state.reset(Self.session(Self.all))
    #expect(state.next() == [.setLevel(.notice), .subscribe("a"), .subscribe("b"), .subscribe("c")])
    #expect(state.ended(.subscribe("a"), isDone: true) == "a", "it may have changed while nobody could tell")
    #expect(state.ended(.subscribe("c"), isDone: true) == nil, "it was not subscribed before")
    state.want(wanting(.notice, "a", "c"))
    #expect(state.ended(.subscribe("b"), isDone: true) == nil, "nobody wants to know any more")
    #expect(state.next() == [.unsubscribe("b")])
  }

  @Test func manyAreAskedForAFewAtATime() {
    var state = state()
    let uris = (0..<1000).map { "fake://\(10_000 + $0)" }
    state.want(Interests(logLevel: nil, resources: uris))
    var asked: [String] = []
    var steps = state.next()
    while !steps.isEmpty {
      #expect(steps.count <= InterestState.mostOpen)
      for case .subscribe(let uri) in steps {
        asked.append(uri)
        _ = state.ended(.subscribe(uri), isDone: true)
      }
      steps = state.next()
    }
    #expect(asked == uris && state.subscribed.count == 1000)
  }
}
