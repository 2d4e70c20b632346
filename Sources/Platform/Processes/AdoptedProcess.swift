import CLinux
import Glibc

/// A process that an earlier process of ours started and left running. It is not our child, so its end is seen but not
/// its status. Loop-confined.
package final class AdoptedProcess: WatchedProcess {
  package let pid: Int32
  package private(set) var exitStatus: ExitStatus?
  package var onExit: ((ExitStatus) -> Void)?

  private let pidfd: OwnedDescriptor
  private var watch: Watch?

  /// Watches the process `pid`; fails with `ESRCH` when there is none. The caller knows from elsewhere that the number is
  /// still that of the process it means: from an answer of that process on an open connection, say.
  package init(loop: EventLoop, pid: Int32) throws(SystemError) {
    let number = pidfd_open(pid, 0)
    if number < 0 { throw SystemError("pidfd_open", subject: "\(pid)") }
    self.pid = pid
    pidfd = OwnedDescriptor(owning: number)
    watch = try loop.watch(number, for: .readable) { [weak self] _ in self?.ended() }
  }

  deinit { watch?.cancel() }

  @discardableResult
  package func send(signal: Int32) -> Bool {
    exitStatus == nil && pidfd_send_signal(pidfd.number, signal, nil, 0) == 0
  }

  private func ended() {
    guard exitStatus == nil else { return }
    exitStatus = .unknown
    watch?.cancel()
    watch = nil
    let handler = onExit
    onExit = nil
    handler?(.unknown)
  }
}
