import Glibc
import Platform

/// Replaces a file as a whole, so that whoever reads it sees the old content or the new, whatever happens in between.
struct PrivateFile {
  /// Not a symbolic link.
  let path: String

  /// The file that `path` leads to, through symbolic links, be it that the last one leads to nothing yet.
  static func behind(_ path: String) throws(SystemError) -> PrivateFile {
    var path = path
    // As many as the kernel follows.
    for _ in 0..<40 {
      var information = stat()
      guard lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFLNK else {
        return PrivateFile(path: path)
      }
      var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
      let count = readlink(path, &target, target.count - 1)
      if count < 0 { throw SystemError("readlink", subject: path) }
      let text = String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      path = text.hasPrefix("/") ? text : "\(ExecutablePath.directory(of: path))/\(text)"
    }
    throw SystemError("readlink", code: ELOOP, subject: path)
  }

  private var directory: String { ExecutablePath.directory(of: path) }
  private var name: String { String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...]) }
  private var temporaryPrefix: String { ".\(name).tmp-" }

  /// Writes `content` beside the file (0600), brings it to the disk and puts it in the place of the file. The directory
  /// must exist. Whoever calls has the lock of this file. False, and nothing has changed, if `isCurrent` says at the last
  /// moment that somebody who does not know the lock has written the file.
  func replace(with content: [UInt8], if isCurrent: () -> Bool) throws(SystemError) -> Bool {
    removeLeftovers()
    let temporary = "\(directory)/\(temporaryPrefix)\(String(UInt64.random(in: .min ... .max), radix: 16))"
    do throws(SystemError) {
      try write(content, to: temporary)
      guard isCurrent() else {
        unlink(temporary)
        return false
      }
      if rename(temporary, path) != 0 { throw SystemError("rename", subject: path) }
    } catch {
      unlink(temporary)
      throw error
    }
    // Without this a crash of the machine could bring back the old name. Some file systems cannot, and need not.
    if let directory = try? OwnedDescriptor.open(directory, O_RDONLY | O_DIRECTORY) { fsync(directory.number) }
    return true
  }

  private func write(_ content: [UInt8], to temporary: String) throws(SystemError) {
    let file = try OwnedDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
    // A umask may have taken away our own rights.
    if fchmod(file.number, 0o600) != 0 { throw SystemError("fchmod", subject: temporary) }
    keepOwner(file.number)
    var written = 0
    while written < content.count {
      let count = content[written...].withUnsafeBytes { rest in
        retryingInterrupts { Glibc.write(file.number, rest.baseAddress, rest.count) }
      }
      if count < 0 { throw SystemError("write", subject: temporary) }
      written += count
    }
    if fsync(file.number) != 0 { throw SystemError("fsync", subject: temporary) }
  }

  /// The administrator's command must not take a user's file away from the user.
  private func keepOwner(_ number: Int32) {
    var information = stat()
    guard stat(path, &information) == 0, information.st_uid != geteuid() else { return }
    _ = fchown(number, information.st_uid, information.st_gid)
  }

  /// What writers left that were killed: with the lock in our hands nobody is writing now.
  private func removeLeftovers() {
    guard let listing = opendir(directory) else { return }
    defer { closedir(listing) }
    let prefix = temporaryPrefix
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(prefix) { unlink("\(directory)/\(name)") }
    }
  }
}
