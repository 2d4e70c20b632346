import Glibc
package import Platform
import Synchronization

/// An event loop that runs on a thread of its own for as long as this object lives.
///
/// It is an actor pinned on that loop: what `run` is given may create and use loop-confined objects, and may await.
package actor LoopThread {
  package nonisolated let loop: EventLoop

  package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// Returns when the loop exists; the thread runs it at once.
  package init() throws {
    let start = Start()
    startThread {
      // Everything of the loop's dies on its thread.
      do throws(SystemError) {
        let loop = try EventLoop()
        start.finish(.success(loop))
        loop.run()
      } catch {
        start.finish(.failure(error))
      }
    }
    loop = try start.wait()
  }

  deinit { loop.stop() }

  /// Runs `body` on the loop.
  package func run<T: Sendable>(
    _ body: @Sendable (isolated LoopThread) async throws -> T
  ) async rethrows -> T {
    try await body(self)
  }

  /// Makes a loop, runs `body` on it and stops it.
  package static func run<T: Sendable>(_ body: @Sendable (isolated LoopThread) async throws -> T) async throws -> T {
    let thread = try LoopThread()
    return try await thread.run(body)
  }

  /// The meeting of the caller with the new thread.
  private final class Start: Sendable {
    private let result = Mutex<Result<EventLoop, SystemError>?>(nil)
    // Unchecked: a semaphore is made to be shared by threads.
    private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
      sem_destroy(semaphore)
      semaphore.deallocate()
    }

    func finish(_ outcome: Result<EventLoop, SystemError>) {
      result.withLock { $0 = outcome }
      sem_post(semaphore)
    }

    func wait() throws(SystemError) -> EventLoop {
      while sem_wait(semaphore) != 0 {}
      guard let outcome = result.withLock({ $0 }) else { fatalError("a loop's thread started without a result") }
      return try outcome.get()
    }
  }
}
