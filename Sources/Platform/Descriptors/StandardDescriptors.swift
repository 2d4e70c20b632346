import CLinux
import Glibc

/// Descriptors 0, 1 and 2 of this process.
package enum StandardDescriptors {
  /// Opens `/dev/null` for those that are closed: a socket or pipe of ours under one of these numbers would be mistaken
  /// for the terminal, and mixed up when a child is started. First thing in `main`.
  package static func ensureOpen() {
    for number: Int32 in 0...2 where fcntl(number, F_GETFD) == -1 {
      // The lowest free number is this one.
      _ = wp_open("/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0)
    }
  }
}
