import CLinux
import Glibc

/// A process that is not our child, held by pidfd: once it is found, its number cannot be taken for another process's.
package struct ForeignProcess: ~Copyable {
  package let pid: Int32
  private let pidfd: OwnedDescriptor

  /// Fails with `ESRCH` when there is no such process.
  package init(pid: Int32) throws(SystemError) {
    let number = pidfd_open(pid, 0)
    if number < 0 { throw SystemError("pidfd_open", subject: "\(pid)") }
    self.pid = pid
    pidfd = OwnedDescriptor(owning: number)
  }

  /// Blocks the thread until the process has ended. False when it still runs after `limit`.
  package func waitForEnd(atMost limit: Duration) -> Bool {
    let deadline = MonotonicTime.now + limit
    while true {
      let rest = max(.zero, deadline - .now)
      var entry = pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, Int32(clamping: rest.wholeMilliseconds)) > 0 { return true }
      if rest == .zero { return false }
    }
  }
}
