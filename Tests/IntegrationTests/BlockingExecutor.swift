import Foundation

/// Threads for tests that block: on sockets, on processes. The pool of Swift's tasks has one thread per core, and
/// blocked ones would stop every other test.
///
/// A few run at a time: each has a daemon and its servers, and forty at once are a storm in which no time is worth
/// measuring. Threads of our own, not of libdispatch: it takes the pool's from the same account.
final class BlockingExecutor: TaskExecutor {
  private static let places = DispatchSemaphore(value: 2 * max(2, ProcessInfo.processInfo.activeProcessorCount))

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    Thread.detachNewThread {
      Self.places.wait()
      job.runSynchronously(on: self.asUnownedTaskExecutor())
      Self.places.signal()
    }
  }

  /// Runs `body` where it may block.
  static func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(BlockingExecutor()) { @concurrent in
      // The switch: a closure with nothing else before the call was seen to go on in the pool.
      await Task.yield()
      return try await body()
    }
  }
}
