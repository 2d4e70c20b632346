import CLinux
import Glibc

/// Signals as events of the loop (`signalfd`). Loop-confined.
package final class Signals {
  private let descriptor: OwnedDescriptor
  private var watch: Watch?

  /// Blocks `signals` for this thread and all that it starts. Call it first thing in `main`, while there is one thread:
  /// a signal that a thread does not block would still end the process.
  package static func block(_ signals: [Int32]) {
    var set = Self.set(of: signals)
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Writing to a broken pipe becomes an error instead of a signal.
  package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Calls `handler` on the loop for each of the (blocked) `signals` that arrives.
  package init(loop: EventLoop, _ signals: [Int32], _ handler: @escaping (Int32) -> Void) throws(SystemError) {
    var set = Self.set(of: signals)
    let number = signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    if number < 0 { throw SystemError("signalfd") }
    descriptor = OwnedDescriptor(owning: number)
    watch = try loop.watch(number, for: .readable) { _ in
      var info = signalfd_siginfo()
      while read(number, &info, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size {
        handler(Int32(info.ssi_signo))
      }
    }
  }

  deinit { watch?.cancel() }

  private static func set(of signals: [Int32]) -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    return set
  }
}
