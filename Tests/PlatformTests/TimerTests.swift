import Glibc
import TestSupport
import Testing

@testable import Platform

/// Timers, on a loop and in their heap.
@Suite(.timeLimit(.minutes(5))) struct TimerTests {
  @Test func timersFireInTheOrderOfTheirDeadlinesAndNeverEarly() async throws {
    try await LoopThread.run { on in
      let loop = on.loop
      var fired: [Int] = []
      var early = 0
      let start = MonotonicTime.now
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        for delay in Array(1...20).shuffled() {
          let deadline = start + .milliseconds(delay)
          loop.schedule(at: deadline) {
            if MonotonicTime.now < deadline { early += 1 }
            fired.append(delay)
            if fired.count == 20 { continuation.resume() }
          }
        }
      }
      #expect(fired == Array(1...20))
      #expect(early == 0)
    }
  }

  @Test func aCancelledTimerDoesNotFire() async throws {
    try await LoopThread.run { on in
      let loop = on.loop
      var fired: [String] = []
      let cancelled = loop.schedule(after: .milliseconds(1)) { fired.append("cancelled") }
      cancelled.cancel()
      cancelled.cancel()
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        loop.schedule(after: .milliseconds(3)) { continuation.resume() }
      }
      #expect(fired.isEmpty)
    }
  }

  @Test func aTimerMayCancelAnotherOneThatIsDueInTheSameTurn() async throws {
    try await LoopThread.run { on in
      let loop = on.loop
      var fired: [String] = []
      let past = MonotonicTime.now
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        var second: Timer?
        loop.schedule(at: past) {
          fired.append("first")
          second?.cancel()
        }
        second = loop.schedule(at: past + .nanoseconds(1)) { fired.append("second") }
        loop.schedule(at: past + .nanoseconds(2)) {
          fired.append("third")
          continuation.resume()
        }
      }
      #expect(fired == ["first", "third"])
    }
  }

  /// A timer that sets itself again at once must leave the loop time for everything else.
  @Test func timersThatTimersAddWaitForTheNextTurn() async throws {
    try await LoopThread.run { on in
      let loop = on.loop
      var isOver = false
      var count = 0
      func again() {
        count += 1
        if !isOver { loop.schedule(after: .zero) { again() } }
      }
      again()
      var pair = try OwnedDescriptor.pipe()
      let reading = pair.takeFirst()
      let writing = pair.takeSecond()
      var watch: Watch?
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        watch = try? loop.watch(reading.number, for: .readable) { _ in
          watch?.cancel()
          continuation.resume()
        }
        _ = write(writing.number, "x", 1)
      }
      isOver = true
      #expect(count > 0)
    }
  }

  @Test func oneHundredThousandCancelledTimersDoNotPileUp() async throws {
    try await LoopThread.run { on in
      let loop = on.loop
      var fired: [Int] = []
      let kept = (1...10).map { number in loop.schedule(after: .milliseconds(number)) { fired.append(number) } }
      var most = 0
      for number in 0..<100_000 {
        loop.schedule(after: .seconds(number % 7 == 0 ? 0 : 60 + number % 60)) { fired.append(-1) }.cancel()
        most = max(most, loop.timers.count)
      }
      #expect(most < 300)
      #expect(kept.allSatisfy { !$0.isCancelled })
      // All at once, too: live first, then cancelled in another order.
      let many = (0..<100_000).map { number in loop.schedule(after: .seconds(60 + number % 97)) { fired.append(-2) } }
      for timer in many.shuffled() { timer.cancel() }
      #expect(loop.timers.count < 300)
      #expect(await eventually { fired.count >= 10 })
      #expect(fired == Array(1...10))
    }
  }

  @Test func theHeapGivesTimersInOrderWhateverIsCancelled() async throws {
    try await LoopThread.run { on in
      let loop = on.loop
      for round in 0..<50 {
        var heap = TimerHeap()
        var expected: [Int64] = []
        for _ in 0..<(round * 10) {
          let moment = Int64.random(in: 0..<500)
          let timer = Timer(loop: loop, deadline: MonotonicTime(nanoseconds: moment)) {}
          heap.insert(timer)
          if Bool.random() {
            // Marks it without the loop's own heap, then tells this one.
            timer.fire()
            heap.noteCancellation()
          } else {
            expected.append(moment)
          }
        }
        let limit: Int64 = 250
        let due = heap.due(upTo: MonotonicTime(nanoseconds: limit)).map(\.deadline.nanoseconds)
        #expect(due == expected.filter { $0 <= limit }.sorted())
        let rest = heap.due(upTo: MonotonicTime(nanoseconds: .max)).map(\.deadline.nanoseconds)
        #expect(rest == expected.filter { $0 > limit }.sorted())
        #expect(heap.count == 0)
      }
    }
  }

  @Test(arguments: [
    (Int64(0), Int32(0)), (-5, 0), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2), (.max, .max), (.min, 0),
  ])
  func theWaitIsRoundedUpAndBounded(deadline: Int64, milliseconds: Int32) async throws {
    try await LoopThread.run { on in
      var heap = TimerHeap()
      #expect(heap.millisecondsToNext(from: MonotonicTime(nanoseconds: 0)) == -1)
      heap.insert(Timer(loop: on.loop, deadline: MonotonicTime(nanoseconds: deadline)) {})
      #expect(heap.millisecondsToNext(from: MonotonicTime(nanoseconds: 0)) == milliseconds)
      // A machine that has been up for a while must not overflow either.
      #expect(heap.millisecondsToNext(from: MonotonicTime(nanoseconds: 1 << 60)) >= 0)
    }
  }

  /// An action may hold the only reference to an object that cancels the timer when it goes.
  @Test func cancellingMayReleaseAnOwnerThatCancelsAgain() async throws {
    final class Owner {
      var timer: Timer?
      var watch: Watch?
      deinit {
        timer?.cancel()
        watch?.cancel()
      }
    }
    try await LoopThread.run { on in
      var pair = try OwnedDescriptor.pipe()
      let reading = pair.takeFirst()
      weak var released: Owner?
      var timer: Timer?
      var watch: Watch?
      do {
        let owner = Owner()
        timer = on.loop.schedule(after: .seconds(60)) { _ = owner }
        owner.timer = timer
        released = owner
      }
      timer?.cancel()
      #expect(released == nil)
      do {
        let owner = Owner()
        watch = try on.loop.watch(reading.number, for: .readable) { _ in _ = owner }
        owner.watch = watch
        released = owner
      }
      watch?.cancel()
      #expect(released == nil)
    }
  }
}
