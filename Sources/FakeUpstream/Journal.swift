import Glibc
import StdioServer
import Synchronization

/// What happened to this process, one event per line, in a file that tests read while it grows.
///
/// A line is one `write` with `O_APPEND`, so several processes may share a file.
struct Journal {
  /// The descriptor for the handler of SIGTERM, which can capture nothing; -1 without a journal.
  static let descriptor = Atomic<Int32>(-1)

  init(file: String?) {
    guard let file else { return }
    let descriptor = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { fatalError("cannot open the journal \(file): errno \(errno)") }
    Self.descriptor.store(descriptor, ordering: .relaxed)
  }

  func write(_ event: String, _ detail: some Sequence<UInt8> = []) {
    let descriptor = Self.descriptor.load(ordering: .relaxed)
    guard descriptor >= 0 else { return }
    StdioLoop.write(Array(event.utf8) + detail + [0x0A], to: descriptor)
  }

  /// Notes SIGTERM from now on, then dies of it unless `ignoring`.
  func watchTerm(ignoring: Bool) {
    if ignoring {
      signal(SIGTERM) { _ in Journal.write("term\n") }
    } else {
      signal(SIGTERM) { number in
        Journal.write("term\nexit\n")
        signal(number, SIG_DFL)
        raise(number)  // Blocked while its handler runs; it strikes on return.
      }
    }
  }

  /// Safe in a signal handler: no allocation.
  private static func write(_ text: StaticString) {
    let saved = errno
    _ = Glibc.write(descriptor.load(ordering: .relaxed), text.utf8Start, text.utf8CodeUnitCount)
    errno = saved
  }
}
