import Glibc

/// A failed system call: which call, on what, and the kernel's reason.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The call's name, for example `connect`.
  package let call: String
  /// The `errno` value it left.
  package let code: Int32
  /// What it was called on (a path, mostly); empty when there is nothing useful to say.
  package let subject: String

  package init(_ call: String, code: Int32 = errno, subject: String = "") {
    self.call = call
    self.code = code
    self.subject = subject
  }

  /// The kernel's words for `code`.
  package var reason: String {
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
  }

  package var description: String {
    subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)"
  }
}

/// Runs a system call again while a signal interrupts it. Returns its value; `-1` means that `errno` has the reason.
package func retryingInterrupts<T: FixedWidthInteger>(_ call: () -> T) -> T {
  while true {
    let value = call()
    if value != -1 || errno != EINTR { return value }
  }
}
