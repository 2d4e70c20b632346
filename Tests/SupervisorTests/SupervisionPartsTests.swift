import Platform
import Testing

@testable import Supervisor

@Suite struct SupervisionPartsTests {
  // MARK: Summary

  @Test(
    arguments: [
      ([], "no servers"), (["ready"], "1 server: 1 ready"),
      (["disabled", "crash_loop"], "2 servers: 1 crash_loop, 1 disabled"),
      (
        ["starting", "ready", "needs_auth", "ready", "degraded"],
        "5 servers: 2 ready, 1 degraded, 1 needs_auth, 1 starting"
      ),
    ] as [([String], String)])
  func summary(words: [String], text: String) {
    #expect(ServerSummary(words: words).text == text)
  }

  // MARK: Backoff

  @Test(
    arguments: [
      (-1, 0.5), (0, 0.5), (1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 16), (7, 30), (8, 30), (100, 30),
      (Int.max, 30),
    ] as [(Int, Double)])
  func delays(failures: Int, seconds: Double) {
    #expect(Backoff.delay(failures: failures, jitter: 0.5) == .seconds(seconds))
    let least = Backoff.delay(failures: failures, jitter: 0)
    let most = Backoff.delay(failures: failures, jitter: 1)
    #expect(abs(least / .seconds(seconds) - 0.8) < 1e-9)
    #expect(abs(most / .seconds(seconds) - (seconds == 30 ? 1 : 1.2)) < 1e-9)
    #expect(Backoff.delay(failures: failures, jitter: -3) == least, "a jitter out of its bounds is cut")
    #expect(Backoff.delay(failures: failures, jitter: 3) == most)
  }

  // MARK: Restart intensity

  @Test func sixWithinAMinute() {
    var intensity = RestartIntensity()
    let isTooMany = (0..<7).map { intensity.note(at: .second($0)) }
    #expect(isTooMany == [false, false, false, false, false, true, true])
  }

  @Test(arguments: [(60, true), (61, false)])
  func theOldestLeavesThePeriod(second: Int, isTooMany: Bool) {
    var intensity = RestartIntensity()
    for second in 0..<5 { _ = intensity.note(at: .second(second)) }
    #expect(intensity.note(at: .second(second)) == isTooMany)
  }

  @Test func resetForgets() {
    var intensity = RestartIntensity()
    for _ in 0..<6 { _ = intensity.note(at: .zero) }
    intensity.reset()
    let isTooMany = intensity.note(at: .zero)
    #expect(!isTooMany)
  }

  // MARK: Start slots

  /// What happens to the slots, and what they answer.
  enum Step {
    case request(String, granted: Bool)
    case release(next: String?)
    case leave(String)
  }

  @Test(
    arguments: [
      // First come, first served; freed slots are free again.
      (
        2,
        [
          .request("a", granted: true), .request("b", granted: true), .request("c", granted: false),
          .request("d", granted: false), .release(next: "c"), .request("e", granted: false), .release(next: "d"),
          .release(next: "e"), .release(next: nil), .request("f", granted: true), .request("g", granted: false),
        ]
      ),
      // Who leaves the line is passed over.
      (
        1,
        [
          .request("a", granted: true), .request("b", granted: false), .request("c", granted: false), .leave("b"),
          .release(next: "c"), .release(next: nil),
        ]
      ),
      // One slot at least.
      (0, [.request("a", granted: true), .request("b", granted: false)]),
      // A release too many adds no slot.
      (1, [.release(next: nil), .request("a", granted: true), .request("b", granted: false)]),
    ] as [(Int, [Step])])
  func slots(capacity: Int, steps: [Step]) {
    var slots = StartSlots(capacity: capacity)
    for step in steps {
      switch step {
      case .request(let server, let granted):
        let answer = slots.request(server)
        #expect(answer == granted, "\(step)")
      case .release(let next):
        let answer = slots.release()
        #expect(answer == next, "\(step)")
      case .leave(let server): slots.leave(server)
      }
    }
  }
}
