import Glibc
import Platform

/// Standard output and standard error, unbuffered.
enum Console {
  /// Writes text to standard output.
  static func output(_ text: String) -> ExitCode { output(Array(text.utf8)) }

  /// Writes to standard output, whole. A result that could not be delivered (disk full, reader gone) is a failure.
  static func output(_ bytes: [UInt8]) -> ExitCode {
    guard let error = write(bytes, to: STDOUT_FILENO) else { return .success }
    Console.error(CommandFailure("cannot write to standard output", causes: [error.reason]).rendered)
    return .failure
  }

  /// Writes text to standard error. There is nobody to tell when that fails.
  static func error(_ text: String) { _ = write(Array(text.utf8), to: STDERR_FILENO) }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> SystemError? {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { rest in
        retryingInterrupts { Glibc.write(descriptor, rest.baseAddress, rest.count) }
      }
      if count >= 0 {
        written += count
      } else if errno == EAGAIN {
        // Somebody else made the terminal or pipe non-blocking.
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&entry, 1, -1)
      } else {
        return SystemError("write")
      }
    }
    return nil
  }
}
