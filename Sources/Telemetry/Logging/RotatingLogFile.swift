import Glibc
package import Platform
import Synchronization

/// A log file of limited size, for one writer: when the next text would not fit, the file becomes `<path>.1`, in place
/// of an older one, and a new one begins.
package final class RotatingLogFile: Sendable {
  private struct State: ~Copyable {
    var file: OwnedDescriptor?
  }

  private let state: Mutex<State>
  private let path: String
  private let limit: Int
  private let takesStandardError: Bool

  /// Opens or creates the file, mode 0600, in a directory that exists. `limit`: largest size in bytes.
  /// `takesStandardError`: descriptor 2 is the file as well, now and after each change, for the last words of a process
  /// that crashes.
  package init(path: String, limit: Int = 8 << 20, takesStandardError: Bool = false) throws(SystemError) {
    self.path = path
    self.limit = limit
    self.takesStandardError = takesStandardError
    state = Mutex(State(file: try Self.open(path, takesStandardError)))
  }

  /// Where `count` bytes are to be written; valid until the next call. Nil when there is no file at the moment.
  func descriptor(for count: Int) -> Int32? {
    state.withLock { state in
      if let number = state.file?.number {
        var information = stat()
        // Not a number of our own: a crash text, or somebody who empties the file, changes the size, too.
        let size = fstat(number, &information) == 0 ? Int(information.st_size) : 0
        if size == 0 || size + count <= limit { return number }
        // If it cannot be moved, the limit is worth more than what is in it.
        if rename(path, "\(path).1") != 0, errno != ENOENT {
          _ = ftruncate(number, 0)
          return number
        }
      }
      state.file = nil
      if let file = try? Self.open(path, takesStandardError) { state.file = consume file }
      return state.file?.number
    }
  }

  private static func open(_ path: String, _ takesStandardError: Bool) throws(SystemError) -> OwnedDescriptor {
    let file = try OwnedDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, mode: 0o600)
    // It may have been there with another mode.
    fchmod(file.number, 0o600)
    if takesStandardError { dup2(file.number, STDERR_FILENO) }
    return file
  }
}
