import Glibc
import Platform
import Synchronization

extension BlockingThread {
  /// Where the thread puts a result. The waiter may be gone by then.
  private final class Slot<T: Sendable>: Sendable {
    let value = Mutex<T?>(nil)
  }

  /// The end of a pipe that wakes the waiter: by a byte, or by being dropped with work that was refused.
  private final class Bell: Sendable {
    private let end: OwnedDescriptor

    init(_ end: consuming OwnedDescriptor) { self.end = end }

    func ring() {
      var byte: UInt8 = 1
      // Nobody may wait any more; signals are blocked on this thread, so that SIGPIPE does no harm.
      _ = write(end.number, &byte, 1)
    }
  }

  /// Runs `work` on the thread and blocks the caller until it is done. Nil after `timeout` (the work still runs then),
  /// or when it cannot be queued.
  func runAndWait<T: Sendable>(timeout: Duration, _ work: @escaping @Sendable () -> T) -> T? {
    guard var pipe = try? OwnedDescriptor.pipe() else { return nil }
    let reading = pipe.takeFirst()
    let bell = Bell(pipe.takeSecond())
    let slot = Slot<T>()
    submit {
      let value = work()
      slot.value.withLock { $0 = value }
      bell.ring()
    }
    let deadline = MonotonicTime.now + timeout
    var watched = pollfd(fd: reading.number, events: Int16(POLLIN), revents: 0)
    while true {
      let rest = max(0, min((deadline - .now).wholeMilliseconds, Int(Int32.max)))
      let count = poll(&watched, 1, Int32(rest))
      if count >= 0 || errno != EINTR { return slot.value.withLock { $0 } }
    }
  }
}
