import CLinux
import Glibc

/// A file descriptor with exactly one owner. It is close-on-exec from birth and closed when its owner goes away.
package struct OwnedDescriptor: ~Copyable, Sendable {
  /// The number, for system calls of this target only; it is valid as long as this value lives.
  package let number: Int32

  /// Takes over `number`, which nobody else may close from here on.
  package init(owning number: Int32) { self.number = number }

  deinit { close(number) }

  /// Gives the number away; the caller owns it now.
  package consuming func release() -> Int32 {
    let number = self.number
    discard self
    return number
  }

  /// Puts the descriptor into non-blocking mode.
  package borrowing func setNonBlocking() throws(SystemError) {
    if wp_set_nonblocking(number) < 0 { throw SystemError("fcntl") }
  }

  /// Another descriptor of the same open file, close-on-exec, and none of those that programs expect to be standard input,
  /// output or error.
  package borrowing func duplicate() throws(SystemError) -> OwnedDescriptor {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
    if copy < 0 { throw SystemError("fcntl") }
    return OwnedDescriptor(owning: copy)
  }

  /// Opens a file, close-on-exec. `mode` counts only with `O_CREAT`.
  package static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(SystemError) -> OwnedDescriptor
  {
    let number = retryingInterrupts { wp_open(path, flags, mode) }
    if number < 0 { throw SystemError("open", subject: path) }
    return OwnedDescriptor(owning: number)
  }

  /// A pipe, its reading end first; both ends block until told otherwise.
  package static func pipe() throws(SystemError) -> DescriptorPair {
    var ends: (Int32, Int32) = (-1, -1)
    let result = withUnsafeMutablePointer(to: &ends) { pointer in
      pointer.withMemoryRebound(to: Int32.self, capacity: 2) { wp_pipe($0) }
    }
    if result < 0 { throw SystemError("pipe2") }
    return DescriptorPair(OwnedDescriptor(owning: ends.0), OwnedDescriptor(owning: ends.1))
  }
}
