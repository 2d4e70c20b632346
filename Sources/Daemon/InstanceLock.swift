import Glibc
import Platform

/// The lock of an instance, held as long as this value lives, and by the kernel no longer than the process. A second
/// daemon of the same configuration is impossible with it.
struct InstanceLock: ~Copyable {
  private let path: String
  private let file: OwnedDescriptor

  private init(path: String, file: consuming OwnedDescriptor) {
    self.path = path
    self.file = file
  }

  /// The lock in `path`, or nil while somebody else has it.
  static func take(_ path: String) throws(SystemError) -> InstanceLock? {
    while true {
      let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT)
      if flock(file.number, LOCK_EX | LOCK_NB) != 0 {
        if errno == EWOULDBLOCK { return nil }
        throw SystemError("flock", subject: path)
      }
      // Its last owner may have removed the file between our two calls: then this is the lock of nothing.
      guard isSame(file.number, path) else { continue }
      let pid = Array("\(getpid())\n".utf8)
      _ = ftruncate(file.number, 0)
      _ = pwrite(file.number, pid, pid.count, 0)
      return InstanceLock(path: path, file: file)
    }
  }

  /// The lock that the program before us in this process had; nil when the descriptor is not that of the file in `path`.
  static func inherited(_ number: Int32, _ path: String) -> InstanceLock? {
    let file = OwnedDescriptor(owning: number)
    return isSame(file.number, path) ? InstanceLock(path: path, file: file) : nil
  }

  /// The descriptor that holds the lock.
  var number: Int32 { file.number }

  /// Removes the file; the lock itself stays until the end of this value.
  borrowing func removeFile() { unlink(path) }

  /// The pid that the owner of the lock wrote into it.
  static func owner(of path: String) -> String? {
    guard let file = try? OwnedDescriptor.open(path, O_RDONLY) else { return nil }
    var text = [UInt8](repeating: 0, count: 32)
    let count = pread(file.number, &text, text.count, 0)
    let pid = String(decoding: text.prefix(max(0, count)), as: UTF8.self).filter(\.isNumber)
    return pid.isEmpty ? nil : pid
  }

  private static func isSame(_ number: Int32, _ path: String) -> Bool {
    var opened = stat()
    var named = stat()
    return fstat(number, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino
      && opened.st_dev == named.st_dev
  }
}
