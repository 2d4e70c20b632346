import Front
import Glibc
import Platform
import Supervisor

/// The end of the daemon: clients first, then upstreams, then the loop. A second request ends it at once. Runs on the
/// loop, where signals and requests arrive.
actor Shutdown {
  private let loop: EventLoop
  private let front: FrontRouter
  private let supervisor: WorkerSupervisor
  private let drainTime: Duration
  private var hasBegun = false

  init(loop: EventLoop, front: FrontRouter, supervisor: WorkerSupervisor, drainTime: Duration) {
    self.loop = loop
    self.front = front
    self.supervisor = supervisor
    self.drainTime = drainTime
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// Returns at once.
  func begin() {
    guard !hasBegun else {
      supervisor.assumeIsolated { $0.killEverything() }
      return loop.stop()
    }
    hasBegun = true
    // Who comes now finds nobody, and waits for the lock with a daemon of its own.
    front.assumeIsolated { $0.stopAccepting() }
    Task { await self.end() }
  }

  private func end() async {
    await front.drain(grace: drainTime)
    await supervisor.stop()
    await front.close()
    loop.stop()
  }
}
