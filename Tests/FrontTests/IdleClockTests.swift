import Front
import Platform
import Testing

/// When a daemon without clients may end. Times are in seconds; the limit is 10.
@Suite struct IdleClockTests {
  enum Event: Sendable {
    case arrived
    case left(at: Int64)
  }

  private static func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

  @Test(
    arguments: [
      ([], 15),
      ([.arrived], nil),
      ([.arrived, .left(at: 7)], 17),
      ([.arrived, .arrived, .left(at: 7)], nil),
      ([.arrived, .arrived, .left(at: 7), .left(at: 30)], 40),
      ([.arrived, .left(at: 7), .arrived], nil),
      ([.arrived, .left(at: 7), .arrived, .left(at: 8)], 18),
    ] as [([Event], Int64?)])
  func deadlines(_ events: [Event], _ deadline: Int64?) {
    var clock = IdleClock(limit: .seconds(10), start: Self.time(5))
    for event in events {
      switch event {
      case .arrived: clock.clientArrived()
      case .left(let second): clock.clientLeft(at: Self.time(second))
      }
    }
    #expect(clock.deadline == deadline.map(Self.time))
    // Another limit counts from the same moment on; none at all is for ever.
    var other = clock
    other.limit = .seconds(1)
    #expect(other.deadline == deadline.map { Self.time($0 - 9) })
    other.limit = nil
    #expect(other.deadline == nil && !other.isDue(at: Self.time(1_000_000)))
    #expect(!clock.isDue(at: Self.time((deadline ?? 1000) - 1)))
    #expect(clock.isDue(at: Self.time(deadline ?? 1000)) == (deadline != nil))
  }
}
