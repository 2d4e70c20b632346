import Dispatch

/// A thread for a test that blocks: on sockets, on processes. The pool of Swift's tasks has one thread per core, and
/// blocked ones would stop every other test.
final class BlockingExecutor: TaskExecutor {
  // A serial queue has a thread of its own whenever it has work.
  private let queue = DispatchQueue(label: "blocking test")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }

  /// Runs `body` where it may block.
  static func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(BlockingExecutor()) { try await body() }
  }
}
