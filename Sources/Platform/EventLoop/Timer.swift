/// A moment at which the loop calls an action once. Loop-confined. Keep it to cancel it; dropping it changes nothing.
package final class Timer {
  let deadline: MonotonicTime
  private var action: (() -> Void)?
  private unowned let loop: EventLoop

  init(loop: EventLoop, deadline: MonotonicTime, action: @escaping () -> Void) {
    self.loop = loop
    self.deadline = deadline
    self.action = action
  }

  var isCancelled: Bool { action == nil }

  func fire() {
    let action = self.action
    self.action = nil
    action?()
  }

  /// The action will not be called any more. Idempotent; harmless after it was called.
  package func cancel() {
    guard let action else { return }
    self.action = nil
    loop.timers.noteCancellation()
    // Released last: it may hold the only reference to an owner that cancels us again.
    withExtendedLifetime(action) {}
  }
}

extension EventLoop {
  /// Calls `action` once, not before `deadline` and at most about a millisecond after it on an idle loop.
  @discardableResult
  package func schedule(at deadline: MonotonicTime, _ action: @escaping () -> Void) -> Timer {
    assertCurrent()
    let timer = Timer(loop: self, deadline: deadline, action: action)
    timers.insert(timer)
    return timer
  }

  /// Calls `action` once after `delay`.
  @discardableResult
  package func schedule(after delay: Duration, _ action: @escaping () -> Void) -> Timer {
    schedule(at: .now + delay, action)
  }
}

/// A binary heap of timers by deadline. Cancelled timers stay until they come up, or until they are more than half of
/// the heap: a call's deadline is nearly always cancelled, so removal must cost nothing and must not pile up.
struct TimerHeap {
  private var heap: [Timer] = []
  private var cancelled = 0

  var count: Int { heap.count }

  mutating func insert(_ timer: Timer) {
    heap.append(timer)
    siftUp(heap.count - 1)
  }

  mutating func noteCancellation() {
    cancelled += 1
    guard cancelled > 64, cancelled > heap.count / 2 else { return }
    heap.removeAll { $0.isCancelled }
    cancelled = 0
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  /// For `epoll_wait`: −1 without timers, 0 when one is due; rounded up, so that no timer fires early.
  mutating func millisecondsToNext(from now: MonotonicTime) -> Int32 {
    while let first = heap.first, first.isCancelled { removeFirst() }
    guard let first = heap.first else { return -1 }
    let nanoseconds = first.deadline.nanoseconds.subtractingSaturated(now.nanoseconds)
    if nanoseconds <= 0 { return 0 }
    return Int32(clamping: (nanoseconds - 1) / 1_000_000 + 1)
  }

  /// Takes out the timers that are due. Timers that their actions add wait for the next turn, so that none can starve
  /// the loop.
  mutating func due(upTo now: MonotonicTime) -> [Timer] {
    var timers: [Timer] = []
    while let first = heap.first, first.isCancelled || first.deadline <= now {
      if !first.isCancelled { timers.append(first) }
      removeFirst()
    }
    return timers
  }

  private mutating func removeFirst() {
    if heap[0].isCancelled { cancelled = max(0, cancelled - 1) }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    siftDown(0)
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard heap[index].deadline < heap[parent].deadline else { return }
      heap.swapAt(index, parent)
      index = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    while true {
      var least = index
      let left = 2 * index + 1
      if left < heap.count && heap[left].deadline < heap[least].deadline { least = left }
      if left + 1 < heap.count && heap[left + 1].deadline < heap[least].deadline { least = left + 1 }
      if least == index { return }
      heap.swapAt(index, least)
      index = least
    }
  }
}
