import Platform
import Protocol
import Testing

@testable import UpstreamWorker

/// Notifications cost a bounded amount of memory, whoever talks and whoever does not read.
@Suite struct RelayQueueTests {
  private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)
  private let operation = OperationID(high: 1, low: 1)
  private let other = OperationID(high: 1, low: 2)

  private func frame(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func withRoomEverythingPasses() {
    var queue = RelayQueue()
    for subject in [.progress(operation), .resource("a"), .log] as [RelayQueue.Subject] {
      for number in 0..<100 {
        let passes = queue.offer(subject, frame("\(number)"), hasRoom: true, now: start)
        #expect(passes)
      }
    }
    #expect(!queue.hasWaiting && queue.due(now: start).isEmpty && queue.takeDropped() == 0)
  }

  @Test func withoutRoomTheLatestIsHeld() {
    var queue = RelayQueue()
    for number in 1...1000 {
      #expect(queue.offer(.progress(operation), frame("p\(number)"), hasRoom: false, now: start) == false)
      #expect(queue.offer(.resource("a"), frame("a\(number)"), hasRoom: false, now: start) == false)
      #expect(queue.offer(.log, frame("l\(number)"), hasRoom: false, now: start) == false)
    }
    #expect(queue.offer(.progress(other), frame("o"), hasRoom: false, now: start) == false)
    #expect(queue.hasWaiting)
    #expect(queue.due(now: start) == [frame("p1000"), frame("a1000"), frame("o")])
    #expect(queue.takeDropped() == 1000 && !queue.hasWaiting)
  }

  @Test func whatIsHeldIsNotOvertaken() {
    var queue = RelayQueue()
    #expect(queue.offer(.progress(operation), frame("1"), hasRoom: false, now: start) == false)
    #expect(queue.offer(.progress(operation), frame("2"), hasRoom: true, now: start) == false)
    #expect(queue.due(now: start) == [frame("2")])
    #expect(queue.offer(.progress(operation), frame("3"), hasRoom: true, now: start) == true)
  }

  @Test func aFloodIsSlowedDown() {
    var queue = RelayQueue()
    var now = start
    var passed = 0
    for number in 0..<10_000 {
      if queue.offer(.progress(operation), frame("\(number)"), hasRoom: true, now: now) { passed += 1 }
      passed += queue.due(now: now).count
      now = now + .milliseconds(1)
    }
    // 100 at once and 20 a second; another call is not slowed down by that.
    #expect((295...305).contains(passed), "\(passed)")
    #expect(queue.offer(.progress(other), frame("x"), hasRoom: true, now: now) == true)
  }

  @Test func theLastWordGoesBeforeTheAnswer() {
    var queue = RelayQueue()
    #expect(queue.finish(operation) == nil)
    _ = queue.offer(.progress(operation), frame("1"), hasRoom: false, now: start)
    _ = queue.offer(.progress(other), frame("2"), hasRoom: false, now: start)
    #expect(queue.finish(operation) == frame("1"))
    #expect(queue.due(now: start) == [frame("2")])
  }

  @Test func bounds() {
    var queue = RelayQueue()
    let large = [UInt8](repeating: 0x20, count: RelayQueue.longest)
    for number in 0..<10_000 {
      #expect(queue.offer(.resource("\(number)"), large, hasRoom: false, now: start) == false)
    }
    #expect(queue.due(now: start).count == RelayQueue.mostHeldBytes / RelayQueue.longest)
    #expect(!queue.offer(.log, large + [0x20], hasRoom: true, now: start) && queue.takeDropped() == 1)
    for number in 0..<10_000 { _ = queue.offer(.resource("\(number)"), frame("x"), hasRoom: false, now: start) }
    #expect(queue.due(now: start + .seconds(3600)).count <= 1000)
  }

  @Test func tokens() {
    var bucket = TokenBucket(burst: 2, perSecond: 10)
    #expect(bucket.take(at: start) && bucket.take(at: start) && !bucket.take(at: start))
    #expect(bucket.take(at: start + .milliseconds(50)) == false)
    #expect(bucket.take(at: start + .milliseconds(101)) && !bucket.take(at: start + .milliseconds(102)))
    let later = start + .seconds(60)
    #expect(bucket.take(at: later) && bucket.take(at: later) && !bucket.take(at: later))
  }
}
