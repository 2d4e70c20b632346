import CLinux
import Glibc
import Synchronization

/// A thread for work that blocks (files, `/proc`, name resolution), one piece after the other. The event loop and the
/// cooperative pool must never wait for such work.
///
/// The thread starts with the first piece of work and ends when this object does.
package final class BlockingThread: Sendable {
  private struct State {
    var queue: [@Sendable () -> Void] = []
    var isRunning = false
    var isClosed = false
  }

  private final class Shared: Sendable {
    let state = Mutex(State())
    let wakeup: OwnedDescriptor

    init(wakeup: consuming OwnedDescriptor) { self.wakeup = wakeup }
  }

  /// Pieces of work that may wait; more are refused, so that a stuck disk cannot fill the memory.
  package static let longestQueue = 1024

  private let shared: Shared
  private let name: String

  /// `name` is shown by `top -H`; at most 15 bytes of it.
  package init(name: String) throws(SystemError) {
    let number = eventfd(0, Int32(EFD_CLOEXEC | EFD_SEMAPHORE))
    if number < 0 { throw SystemError("eventfd") }
    shared = Shared(wakeup: OwnedDescriptor(owning: number))
    self.name = name
  }

  deinit {
    shared.state.withLock { $0.isClosed = true }
    Self.post(shared.wakeup.number)
  }

  /// Runs `work` on the thread. False when the queue is full; the work is dropped then.
  @discardableResult
  package func submit(_ work: @escaping @Sendable () -> Void) -> Bool {
    let (isAccepted, mustStart) = shared.state.withLock { state -> (Bool, Bool) in
      guard state.queue.count < Self.longestQueue else { return (false, false) }
      state.queue.append(work)
      defer { state.isRunning = true }
      return (true, !state.isRunning)
    }
    guard isAccepted else { return false }
    if mustStart { start() }
    Self.post(shared.wakeup.number)
    return true
  }

  /// Runs `work` on the thread and returns its result to the caller's isolation. Nil when the queue is full.
  package func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T? {
    await withCheckedContinuation { continuation in
      let isAccepted = submit { continuation.resume(returning: work()) }
      if !isAccepted { continuation.resume(returning: nil) }
    }
  }

  private func start() {
    let shared = self.shared
    let name = self.name
    startThread {
      wp_set_thread_name(name)
      while true {
        var one: UInt64 = 0
        _ = retryingInterrupts { read(shared.wakeup.number, &one, 8) }
        let (work, isClosed) = shared.state.withLock { state in
          (state.queue.isEmpty ? nil : state.queue.removeFirst(), state.isClosed)
        }
        if let work { work() } else if isClosed { return }
      }
    }
  }

  private static func post(_ descriptor: Int32) {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }
}

/// Starts a detached thread with all signals blocked: signals belong to the loop's `signalfd`.
package func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var all = sigset_t()
  var previous = sigset_t()
  sigfillset(&all)
  pthread_sigmask(SIG_SETMASK, &all, &previous)
  defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  pthread_attr_setstacksize(&attributes, 512 * 1024)
  var thread = pthread_t()
  let box = Unmanaged.passRetained(Box(body))
  let result = pthread_create(
    &thread, &attributes,
    { pointer in
      Unmanaged<Box>.fromOpaque(pointer!).takeRetainedValue().body()
      return nil
    }, box.toOpaque())
  if result != 0 {
    box.release()
    fatalError("cannot start a thread: \(SystemError("pthread_create", code: result))")
  }
}
