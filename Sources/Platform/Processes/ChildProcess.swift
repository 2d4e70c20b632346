import CLinux
import Glibc

/// A child of this process, identified by a pidfd: its number cannot be taken for another process's. Loop-confined.
///
/// The exit is noticed by the pidfd, never by the end of a pipe, which a grandchild may hold open. The child is reaped
/// at that moment; `exitStatus` keeps the result and `onExit` tells it once.
package final class ChildProcess {
  package let pid: Int32
  package private(set) var exitStatus: ExitStatus?
  /// Called once when the child has ended and was reaped.
  package var onExit: ((ExitStatus) -> Void)?

  private let pidfd: OwnedDescriptor
  private var watch: Watch?
  private let reaper: Reaper

  /// Starts the program of `plan` and watches it.
  package init(loop: EventLoop, reaper: Reaper, plan: consuming SpawnPlan) throws(SystemError) {
    let pid = try plan.spawn()
    self.pid = pid
    self.reaper = reaper
    // Race-free: nobody but us reaps this pid, so its number stays taken until then.
    let number = pidfd_open(pid, 0)
    if number < 0 {
      let error = SystemError("pidfd_open")
      kill(pid, SIGKILL)
      throw error
    }
    pidfd = OwnedDescriptor(owning: number)
    reaper.add(self)
    do {
      watch = try loop.watch(number, for: .readable) { [weak self] _ in self?.reap() }
    } catch {
      // The caller was not given a process: none must run.
      kill(pid, SIGKILL)
      reaper.remove(self)
      throw error
    }
  }

  /// Sends a signal to the child alone. False when it has ended.
  @discardableResult
  package func send(signal: Int32) -> Bool {
    exitStatus == nil && pidfd_send_signal(pidfd.number, signal, nil, 0) == 0
  }

  /// Takes the exit status from the kernel; nothing happens while the child runs.
  func reap() {
    guard exitStatus == nil else { return }
    var info = siginfo_t()
    let result = retryingInterrupts { waitid(P_PID, id_t(pid), &info, Int32(WEXITED | WNOHANG)) }
    if result < 0 { fatalError("child \(pid) was reaped by somebody else: \(SystemError("waitid"))") }
    if info._sifields._sigchld.si_pid == 0 { return }
    let status = ExitStatus(info)
    exitStatus = status
    watch?.cancel()
    watch = nil
    reaper.remove(self)
    let handler = onExit
    onExit = nil
    handler?(status)
  }
}
