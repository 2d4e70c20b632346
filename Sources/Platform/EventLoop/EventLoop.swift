import CLinux
import Glibc
import Synchronization

/// An epoll loop that is a Swift executor: one thread runs descriptor events, timers and the jobs of every actor that
/// names this loop as its executor, so a request crosses actors without crossing threads.
///
/// The loop belongs to the thread that creates it, which must also call `run()`. Everything except `enqueue`, `perform`
/// and `stop` is for that thread only; a broken rule ends the process with a sentence.
///
/// Guard of the unchecked `Sendable`: `inbox` has its mutex, all other state is touched on the loop's thread only.
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  /// Size of the buffer that all reads of this loop share, in bytes.
  package static let readBufferSize = 256 * 1024

  /// Rounds of jobs that cause jobs, before the loop looks at descriptors again.
  private static let mostRounds = 100

  struct Inbox {
    var jobs: [UnownedJob] = []
    var closures: [@Sendable () -> Void] = []
    /// True while the loop is (about to be) in `epoll_wait` and nobody has written the eventfd yet.
    var isAsleep = false
    var isStopped = false
  }

  let epoll: OwnedDescriptor
  private let wakeup: OwnedDescriptor
  private let inbox = Mutex(Inbox())
  private let thread = pthread_self()

  /// Jobs that were enqueued on the loop's own thread; no lock.
  private var localJobs: [UnownedJob] = []
  private var endOfTurn: [() -> Void] = []
  var watches: [Watch?] = []
  var nextGeneration: UInt32 = 1
  var timers = TimerHeap()
  /// One buffer for all reads: bytes are handed on or copied before the next read.
  let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: EventLoop.readBufferSize, alignment: 64)

  /// Creates the loop of the calling thread.
  package init() throws(SystemError) {
    let epollNumber = epoll_create1(Int32(EPOLL_CLOEXEC))
    if epollNumber < 0 { throw SystemError("epoll_create1") }
    epoll = OwnedDescriptor(owning: epollNumber)
    let eventNumber = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    if eventNumber < 0 { throw SystemError("eventfd") }
    wakeup = OwnedDescriptor(owning: eventNumber)
    // Datum 0 is the wake-up; watches carry a generation that starts at 1.
    if wp_epoll_control(epoll.number, EPOLL_CTL_ADD, wakeup.number, EPOLLIN.rawValue, 0) < 0 {
      throw SystemError("epoll_ctl")
    }
  }

  deinit { readBuffer.deallocate() }

  // MARK: Executor

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      localJobs.append(job)
    } else {
      deliver { $0.jobs.append(job) }
    }
  }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  package func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

  package func checkIsolated() { assertCurrent() }

  package func isIsolatingCurrentContext() -> Bool? { isCurrent }

  /// Whether the caller is on this loop's thread.
  package var isCurrent: Bool { pthread_equal(pthread_self(), thread) != 0 }

  /// Ends the process when the caller is on another thread.
  func assertCurrent() {
    if !isCurrent { fatalError("the event loop was used from a thread that is not its own") }
  }

  /// Runs `action` on the loop soon; callable from every thread.
  package func perform(_ action: @escaping @Sendable () -> Void) {
    deliver { $0.closures.append(action) }
  }

  private func deliver(_ change: (inout Inbox) -> Void) {
    let mustWake = inbox.withLock { inbox in
      change(&inbox)
      defer { inbox.isAsleep = false }
      return inbox.isAsleep
    }
    if mustWake {
      var one: UInt64 = 1
      // A full counter means that a wake-up is pending already.
      _ = write(wakeup.number, &one, 8)
    }
  }

  // MARK: Turns

  /// Runs until `stop()`; must be called on the thread that created the loop.
  package func run() {
    assertCurrent()
    let capacity = 128
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)
    defer { events.deallocate() }
    while true {
      let hasMore = runJobs()
      let (isStopped, hasMail) = inbox.withLock { inbox in
        let hasMail = !inbox.jobs.isEmpty || !inbox.closures.isEmpty
        inbox.isAsleep = !hasMail && !hasMore
        return (inbox.isStopped, hasMail)
      }
      if isStopped { return }
      let timeout = hasMail || hasMore ? 0 : timers.millisecondsToNext(from: .now)
      let count = epoll_wait(epoll.number, events, Int32(capacity), timeout)
      inbox.withLock { $0.isAsleep = false }
      if count > 0 { dispatch(events, Int(count)) }
      // An action may cancel a later one of the same turn; `fire` of a cancelled timer does nothing.
      for timer in timers.due(upTo: .now) { timer.fire() }
    }
  }

  /// Ends `run()` after the current turn; callable from every thread.
  package func stop() { deliver { $0.isStopped = true } }

  /// Runs `action` once at the end of the current turn, before the loop sleeps: for work that several events of one
  /// turn share, such as one write for many frames.
  package func atEndOfTurn(_ action: @escaping () -> Void) {
    assertCurrent()
    endOfTurn.append(action)
  }

  /// Runs jobs, mail and end-of-turn work until there is none, since each may cause the other: but not for ever, for
  /// descriptors and timers have their turn too. Returns whether there is more.
  private func runJobs() -> Bool {
    for _ in 0..<Self.mostRounds {
      let mail = inbox.withLock { inbox in
        defer {
          if !inbox.jobs.isEmpty { inbox.jobs = [] }
          if !inbox.closures.isEmpty { inbox.closures = [] }
        }
        return (inbox.jobs, inbox.closures)
      }
      for job in mail.0 { run(job) }
      for closure in mail.1 { closure() }
      let jobs = localJobs
      localJobs = []
      for job in jobs { run(job) }
      if !localJobs.isEmpty { continue }
      let actions = endOfTurn
      endOfTurn = []
      for action in actions { action() }
      if localJobs.isEmpty && endOfTurn.isEmpty { return false }
    }
    return true
  }

  private func run(_ job: UnownedJob) {
    job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
  }

  private func dispatch(_ events: UnsafeMutablePointer<epoll_event>, _ count: Int) {
    for index in 0..<count {
      let event = events[index]
      let datum = event.data.u64
      if datum == 0 {
        var value: UInt64 = 0
        _ = read(wakeup.number, &value, 8)
        continue
      }
      let descriptor = Int(datum & 0xffff_ffff)
      // A handler that ran earlier in this turn may have closed this descriptor, and its number may be in use again:
      // the generation tells an old event from a new watch.
      guard descriptor < watches.count, let watch = watches[descriptor], watch.generation == UInt32(datum >> 32) else {
        continue
      }
      watch.fire(Readiness(rawValue: event.events))
    }
  }
}
