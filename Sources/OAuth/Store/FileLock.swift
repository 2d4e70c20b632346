import Glibc
package import Platform

/// An advisory lock (`flock`) on a file that is there for nothing else. It is held until `release`, the end of this object
/// or of the process, however it ends; children do not inherit it. The file stays: who removed it could take the lock of
/// somebody that waits.
package final class FileLock: Sendable {
  private let file: OwnedDescriptor

  private init(_ file: consuming OwnedDescriptor) { self.file = file }

  /// Gives the lock back. Idempotent.
  package func release() { flock(file.number, LOCK_UN) }

  /// The lock of `path`, or nil while somebody else has it. Makes the file (0600) where it is missing.
  package static func attempt(_ path: String) throws(SystemError) -> FileLock? {
    let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK)
    keepOpenForOwner(file.number, path)
    if retryingInterrupts({ flock(file.number, LOCK_EX | LOCK_NB) }) == 0 { return FileLock(file) }
    if errno == EWOULDBLOCK { return nil }
    throw SystemError("flock", subject: path)
  }

  /// A lock that the administrator's command made must not shut out the user whose directory it is in.
  private static func keepOpenForOwner(_ number: Int32, _ path: String) {
    guard geteuid() == 0 else { return }
    var directory = stat()
    guard stat(ExecutablePath.directory(of: path), &directory) == 0, directory.st_uid != 0 else { return }
    _ = fchown(number, directory.st_uid, directory.st_gid)
  }

  /// Waits for the lock of `path`, on the calling thread; nil when `limit` has passed or `isCancelled` says so, which is
  /// asked every 20 ms at least.
  package static func wait(
    for path: String, limit: Duration, isCancelled: () -> Bool = { false }
  ) throws(SystemError) -> FileLock? {
    let deadline = MonotonicTime.now + limit
    var pause: UInt32 = 1_000
    while true {
      if let lock = try attempt(path) { return lock }
      if isCancelled() || MonotonicTime.now >= deadline { return nil }
      // Unequal pauses, so that two waiting processes do not meet again and again.
      usleep(pause + UInt32.random(in: 0..<pause))
      pause = min(pause * 2, 10_000)
    }
  }
}
