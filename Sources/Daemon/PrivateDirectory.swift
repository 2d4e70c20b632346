import Glibc
import Platform

/// Directories that only this user may look into.
enum PrivateDirectory {
  /// Why there is none, in one sentence.
  struct Failure: Error, CustomStringConvertible { let description: String }

  /// Creates `path` and what is missing above it, private to the user, and makes sure that it is. `mode`: what others may
  /// do at most.
  static func make(_ path: String, mode: UInt32 = 0o700) throws(Failure) {
    do {
      try DirectoryTree.make(path)
    } catch {
      throw Failure(description: "the directory \(error.subject) cannot be made: mkdir: \(error.reason)")
    }
    var information = stat()
    guard lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(description: "\(path) is not a directory")
    }
    guard information.st_uid == geteuid() else {
      throw Failure(description: "the directory \(path) belongs to another user")
    }
    if information.st_mode & 0o777 != mode, chmod(path, mode) != 0 {
      throw Failure(description: "the directory \(path) cannot be made private: \(SystemError("chmod"))")
    }
  }
}
