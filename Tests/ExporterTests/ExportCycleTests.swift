import Platform
import Testing

@testable import Exporter

@Suite struct ExportCycleTests {
  private struct World {
    var cycle = ExportCycle(scheduleDelay: .seconds(5), exportTimeout: .seconds(30))
    var now = MonotonicTime(nanoseconds: 0)
    var dropped = 0

    mutating func ended(
      _ outcome: ExportOutcome, spans: Int = 10, waiting: Int = 0, hasBatch: Bool = false
    ) -> (step: ExportCycle.Step, reports: [ExportCycle.Report]) {
      var dropped = self.dropped
      defer { self.dropped = dropped }
      return cycle.ended(
        outcome, spans: spans, waiting: waiting, hasBatch: hasBatch,
        dropped: {
          defer { dropped = 0 }
          return dropped
        }, jitter: 0.5, at: now)
    }
  }

  private static let fine = ExportOutcome.accepted(rejected: 0, message: "")
  private static let down = ExportOutcome.unavailable("cannot connect", delay: nil)

  @Test("the first span waits for others, a whole batch does not")
  func gathering() {
    var world = World()
    #expect(world.cycle.added(hasBatch: false, at: world.now) == .wait(until: world.now + .seconds(5)))
    #expect(world.cycle.added(hasBatch: false, at: world.now) == .nothing)
    #expect(world.cycle.added(hasBatch: true, at: world.now) == .sendNext)
    #expect(world.cycle.added(hasBatch: true, at: world.now) == .nothing, "one at a time")
    #expect(world.cycle.timerFired(at: world.now) == .nothing)
    #expect(world.ended(Self.fine, waiting: 3, hasBatch: true).step == .sendNext)
    #expect(world.ended(Self.fine, waiting: 3).step == .wait(until: world.now + .seconds(5)))
    #expect(world.cycle.timerFired(at: world.now) == .sendNext)
    #expect(world.ended(Self.fine).step == .nothing)
    #expect(world.cycle.phase == .resting, "no timer while nothing waits")
  }

  @Test("a collector that is down is told once, asked less often, and its batch given up in time")
  func outage() {
    var world = World()
    #expect(world.cycle.added(hasBatch: true, at: world.now) == .sendNext)
    var reports: [ExportCycle.Report] = []
    var pauses: [Duration] = []
    while true {
      let (step, more) = world.ended(Self.down, waiting: 4, hasBatch: true)
      reports += more
      guard case .wait(let time) = step else { Issue.record("\(step)"); return }
      pauses.append(time - world.now)
      world.now = time
      if world.cycle.timerFired(at: world.now) == .sendNext { break }
    }
    #expect(reports == [.down("cannot connect")])
    #expect(pauses == [1, 2, 4, 8, 16].map { .seconds($0) })
    #expect(world.cycle.lost == 10, "the batch was given up after \(world.now)")
    world.dropped = 7
    let (step, more) = world.ended(Self.fine)
    #expect(step == .nothing && more == [.back(lost: 17)] && !world.cycle.isDown && world.cycle.lost == 0)
    // The next outage is told again, and begins with short pauses.
    #expect(world.cycle.added(hasBatch: true, at: world.now) == .sendNext)
    let again = world.ended(Self.down)
    #expect(again.reports == [.down("cannot connect")] && again.step == .wait(until: world.now + .seconds(1)))
  }

  @Test("spans that come in an outage do not hurry it")
  func spansInOutage() {
    var world = World()
    _ = world.cycle.added(hasBatch: true, at: world.now)
    #expect(world.ended(.refused("TLS")).step == .nothing)
    #expect(world.cycle.added(hasBatch: true, at: world.now) == .wait(until: world.now + .seconds(5)))
    #expect(world.cycle.added(hasBatch: true, at: world.now) == .nothing)
    #expect(world.cycle.timerFired(at: world.now) == .sendNext)
    let (step, reports) = world.ended(.refused("TLS"), waiting: 5, hasBatch: true)
    #expect(step == .wait(until: world.now + .seconds(2)) && reports.isEmpty && world.cycle.lost == 20)
  }

  @Test("the collector's own delay counts if it is longer, up to the batch's end")
  func delay() {
    var world = World()
    _ = world.cycle.added(hasBatch: true, at: world.now)
    #expect(world.ended(.unavailable("busy", delay: .seconds(7))).step == .wait(until: world.now + .seconds(7)))
    #expect(world.cycle.timerFired(at: world.now) == .sendAgain)
    #expect(world.ended(.unavailable("busy", delay: .milliseconds(1))).step == .wait(until: world.now + .seconds(2)))
    #expect(world.cycle.timerFired(at: world.now) == .sendAgain)
    #expect(
      world.ended(.unavailable("busy", delay: .seconds(31)), waiting: 1).step == .wait(until: world.now + .seconds(31)))
    #expect(world.cycle.lost == 10 && world.cycle.phase == .gathering)
  }

  @Test("lost and rejected spans are told once in a while")
  func reports() {
    var world = World()
    _ = world.cycle.added(hasBatch: true, at: world.now)
    world.dropped = 3
    #expect(
      world.ended(.accepted(rejected: 2, message: "old"), hasBatch: true).reports
        == [.dropped(3), .partial(rejected: 2, message: "old")])
    world.dropped = 4
    world.now = world.now + .seconds(59)
    #expect(world.ended(.accepted(rejected: 2, message: "old"), hasBatch: true).reports.isEmpty)
    world.now = world.now + .seconds(1)
    #expect(world.ended(Self.fine).reports == [.dropped(4)])
  }

  @Test("the end sends what there is, once")
  func flush() {
    var world = World()
    #expect(world.cycle.flush(waiting: 0, at: world.now) == .finished)
    world = World()
    _ = world.cycle.added(hasBatch: false, at: world.now)
    #expect(world.cycle.flush(waiting: 9, at: world.now) == .sendNext)
    #expect(world.cycle.flush(waiting: 9, at: world.now) == .nothing)
    #expect(world.ended(Self.fine, waiting: 4).step == .sendNext)
    #expect(world.ended(Self.fine).step == .finished)
    // While a request is under way, its end goes on.
    world = World()
    _ = world.cycle.added(hasBatch: true, at: world.now)
    #expect(world.cycle.flush(waiting: 2, at: world.now) == .nothing)
    #expect(world.ended(Self.down, waiting: 2).step == .finished)
    // A pause is cut short.
    world = World()
    _ = world.cycle.added(hasBatch: true, at: world.now)
    _ = world.ended(Self.down)
    #expect(world.cycle.flush(waiting: 0, at: world.now) == .sendAgain)
    #expect(world.ended(Self.down).step == .finished)
  }
}

@Suite struct SpanQueueTests {
  @Test func itIsBoundedAndCountsWhatItDrops() {
    var queue = SpanQueue(capacity: 3, batchSize: 2)
    for number in 0..<5 { #expect(queue.append { [UInt8(number)] } == (number < 3)) }
    #expect(
      queue.append {
        Issue.record("encoded in vain"); return []
      } == false)
    #expect(queue.count == 3 && queue.hasBatch && queue.takeDropped() == 3 && queue.takeDropped() == 0)
    #expect(queue.takeBatch() == [[0], [1]])
    #expect(!queue.hasBatch && queue.takeBatch() == [[2]] && queue.takeBatch().isEmpty)
  }

  @Test func aBatchIsBoundedInBytes() {
    var queue = SpanQueue(capacity: 100, batchSize: 100)
    let large = [UInt8](repeating: 0, count: SpanQueue.mostBatchBytes / 2)
    for span in [large, large, [1], large + large + [1], [2]] { _ = queue.append { span } }
    #expect(queue.takeBatch().count == 2)
    #expect(queue.takeBatch() == [[1]])
    #expect(queue.takeBatch().count == 1, "larger than a batch, but alone")
    #expect(queue.takeBatch() == [[2]])
  }
}
