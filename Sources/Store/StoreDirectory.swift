import Glibc
import Platform

/// The directory of the state file and the names in it. All calls block.
struct StoreDirectory: Sendable {
  private static let fileName = "state.db"
  private static let brokenPrefix = "state.db.broken-"
  /// Higher numbers are somebody else's names.
  private static let maxNumber = 999_999_999

  let path: String
  /// The state file.
  var file: String { "\(path)/\(Self.fileName)" }

  /// Whether there is anything at the state file's path, be it a dangling link.
  var hasFile: Bool {
    var information = stat()
    return lstat(file, &information) == 0
  }

  /// Opening anything else may wait for ever.
  var hasRegularFile: Bool {
    var information = stat()
    return stat(file, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
  }

  /// Why SQLite opened the file for reading only: the kernel forbids more, or the file is of a later format.
  var readOnlyFailure: StoreFailure {
    access(file, W_OK) == 0
      ? StoreFailure(.unusable, "its format is unknown") : StoreFailure(SystemError("open", subject: file))
  }

  /// Makes sure of the directory (0700, with what is missing above it) and of a regular file (0600) in it.
  func prepare() throws(StoreFailure) {
    try makeDirectory()
    var information = stat()
    if stat(file, &information) != 0 { return try createFile() }
    guard information.st_mode & S_IFMT == S_IFREG else {
      throw StoreFailure(.unusable, "it is not a regular file")
    }
    makePrivate(file, information, 0o600)
  }

  private func makeDirectory() throws(StoreFailure) {
    var information = stat()
    if stat(path, &information) == 0 { return makePrivate(path, information, 0o700) }
    do {
      try DirectoryTree.make(path)
    } catch {
      throw StoreFailure(error)
    }
  }

  /// Best effort: a directory of another owner or a read-only disk still serves.
  private func makePrivate(_ path: String, _ information: stat, _ mode: mode_t) {
    if information.st_mode & 0o077 != 0 { chmod(path, mode) }
  }

  /// SQLite would create it readable for everybody; the files beside it take over its mode.
  ///
  /// Only a new file is opened here: closing a descriptor of a file drops every lock that this process has on it.
  private func createFile() throws(StoreFailure) {
    do {
      _ = try OwnedDescriptor.open(file, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
    } catch {
      guard error.code == EEXIST else { throw StoreFailure(error) }
      // Either another process was faster, or it is a link to nowhere.
      if FileIdentity(path: file) == nil { throw StoreFailure(.unusable, "it is a link to nowhere") }
    }
  }

  /// Renames the state file to `state.db.broken-<n>`, with its log, and deletes what was set aside before. Returns the
  /// new name. Nobody may have the file open.
  func setAside() throws(StoreFailure) -> String {
    let older = brokenFiles()
    let name = "\(Self.brokenPrefix)\((older.map(\.number).max() ?? 0) + 1)"
    // The log first: without its file it would be taken for the log of the next one.
    rename("\(file)-wal", "\(path)/\(name)-wal")
    unlink("\(file)-shm")
    unlink("\(file)-journal")
    guard rename(file, "\(path)/\(name)") == 0 else { throw StoreFailure(SystemError("rename", subject: file)) }
    for (old, _) in older { removeOld(old) }
    return name
  }

  private func removeOld(_ name: String) {
    let old = "\(path)/\(name)"
    if unlink(old) != 0 { rmdir(old) }
    for suffix in ["-wal", "-shm"] { unlink(old + suffix) }
  }

  private func brokenFiles() -> [(name: String, number: Int)] {
    guard let listing = opendir(path) else { return [] }
    defer { closedir(listing) }
    var found: [(String, Int)] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.hasPrefix(Self.brokenPrefix), let number = Int(name.dropFirst(Self.brokenPrefix.count)),
        (0..<Self.maxNumber).contains(number)
      else { continue }
      found.append((name, number))
    }
    return found
  }
}
