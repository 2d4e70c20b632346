import Glibc
import Platform
import Telemetry

/// Killing what a dead worker's upstream left behind.
extension WorkerSupervisor {
  /// A sweep ends after this many looks, 10 ms apart, whatever is left; that is reported.
  private static let mostLooks = 300

  /// Kills every process that carries `mark`, and every orphan that the kernel gave to this subreaper: what an upstream
  /// started and lost (double fork, setsid, a changed environment) lands here when its worker is dead.
  func sweep(_ mark: String) async {
    var quietLooks = 0
    var left: [Int32] = []
    for _ in 0..<Self.mostLooks {
      let found = await files.run { (ProcessTree.marked(mark), ProcessTree.children(of: getpid())) }
      guard let found else { return }
      // Asked on the loop after the look: a child that was seen and is ours is in the reaper's book by now.
      let orphans = found.1.filter { !reaper.isOwn($0) && !inheritedChildren.contains($0) }
      left = Array(Set(found.0 + orphans)).filter { ProcessTree.isAlive($0) }
      for pid in left { kill(pid, SIGKILL) }
      quietLooks = left.isEmpty ? quietLooks + 1 : 0
      // Twice: between two looks a fork cannot have slipped through both.
      if quietLooks == 2 { return }
      await pause(left.isEmpty ? .milliseconds(1) : .milliseconds(10))
    }
    log.error("processes of an upstream could not be killed", [LogField("pids", "\(left)")])
  }

  private func pause(_ duration: Duration) async {
    await withCheckedContinuation { continuation in
      loop.schedule(after: duration) { continuation.resume() }
    }
  }
}
