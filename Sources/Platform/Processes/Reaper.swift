import CLinux
import Glibc

/// Reaps what this process has as children without having started it: orphans of dead upstreams and workers, which the
/// kernel gives to the nearest subreaper. One per process; loop-confined.
package final class Reaper {
  private var children: [Int32: ChildProcess] = [:]

  /// Makes this process the subreaper of everything below it, unless it does not adopt orphans. `SIGCHLD` must be
  /// forwarded to `childrenChanged()`, or adopted orphans stay zombies.
  package init(adoptsOrphans: Bool = true) throws(SystemError) {
    // An ignored SIGCHLD, which exec keeps, would make the kernel reap our children itself and lose their statuses.
    signal(SIGCHLD, SIG_DFL)
    if adoptsOrphans, wp_become_subreaper() < 0 { throw SystemError("prctl PR_SET_CHILD_SUBREAPER") }
  }

  func add(_ child: ChildProcess) { children[child.pid] = child }

  func remove(_ child: ChildProcess) { children[child.pid] = nil }

  /// Whether `pid` is a child that was started here, in contrast to an adopted orphan.
  package func isOwn(_ pid: Int32) -> Bool { children[pid] != nil }

  /// Pids of the children that were started here and have not ended.
  package var ownPids: [Int32] { Array(children.keys) }

  /// To be called at `SIGCHLD`: peeks at each ended child (`WNOWAIT`), lets its owner reap it if it has one, and reaps
  /// it here otherwise.
  package func childrenChanged() {
    while true {
      var info = siginfo_t()
      let result = retryingInterrupts { waitid(P_ALL, 0, &info, Int32(WEXITED | WNOHANG | WNOWAIT)) }
      let pid = info._sifields._sigchld.si_pid
      if result < 0 || pid == 0 { return }
      if let child = children[pid] {
        child.reap()
      } else {
        _ = retryingInterrupts { waitid(P_PID, id_t(pid), &info, Int32(WEXITED | WNOHANG)) }
      }
    }
  }
}
