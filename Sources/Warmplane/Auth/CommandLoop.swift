import Glibc
import Platform
import Synchronization

/// The event loop of a command that asks others over the network. It runs on the calling thread until the work is done.
actor CommandLoop {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// Where files are read and written: waiting for a lock must not keep a signal from being noticed.
  nonisolated let disk: BlockingThread

  private init(_ loop: EventLoop) throws(SystemError) {
    self.loop = loop
    disk = try BlockingThread(name: "store")
  }

  /// Runs `work`, which blocks, on the thread for files.
  func blocking<T: Sendable>(
    _ work: @escaping @Sendable () throws(CommandFailure) -> T
  ) async throws(CommandFailure) -> T {
    let result = await disk.run { () -> Result<T, CommandFailure> in
      do throws(CommandFailure) {
        return .success(try work())
      } catch {
        return .failure(error)
      }
    }
    guard let result else { fatalError("the queue of a command's thread is full") }
    return try result.get()
  }

  /// Runs `work`, which may use everything that belongs to a loop.
  ///
  /// The first SIGINT or SIGTERM cancels its task, and the failure that comes of it ends the command with code 130; what
  /// must not be cut off goes on in a task of its own. The second one ends the process.
  static func run<T: Sendable>(
    _ work: @escaping @Sendable (isolated CommandLoop) async throws(CommandFailure) -> T
  ) throws(CommandFailure) -> T {
    let signals = [SIGINT, SIGTERM]
    Signals.block(signals)
    Signals.ignoreBrokenPipes()
    let outcome = Mutex<Result<T, CommandFailure>?>(nil)
    var wasInterrupted = false
    do {
      let loop = try EventLoop()
      let on = try CommandLoop(loop)
      let task = Task(executorPreference: loop) {
        let result: Result<T, CommandFailure>
        do throws(CommandFailure) {
          result = .success(try await work(on))
        } catch {
          result = .failure(error)
        }
        outcome.withLock { $0 = result }
        loop.stop()
      }
      let watch = try Signals(loop: loop, signals) { _ in
        if wasInterrupted { _exit(ExitCode.interrupted.rawValue) }
        wasInterrupted = true
        task.cancel()
      }
      loop.run()
      withExtendedLifetime(watch) {}
    } catch {
      throw CommandFailure("cannot wait for the network", causes: ["\(error)"])
    }
    switch outcome.withLock({ $0 }) {
    case .success(let value): return value
    case .failure(let failure):
      throw wasInterrupted ? CommandFailure("interrupted", code: .interrupted) : failure
    case nil: fatalError("the loop of a command ended before its work")
    }
  }
}
