import Glibc

/// Directories of our own.
package enum DirectoryTree {
  /// Creates the absolute `path` and what is missing above it, for this user only (0700). What exists stays as it is.
  /// Blocks on the file system.
  package static func make(_ path: String) throws(SystemError) {
    var partial = ""
    for part in path.split(separator: "/") {
      partial += "/\(part)"
      if mkdir(partial, 0o700) == 0 || errno == EEXIST { continue }
      let error = SystemError("mkdir", subject: partial)
      // A read-only file system says so before it says that the directory is there, and above us may be directories
      // that we may not write to.
      if access(partial, F_OK) != 0 { throw error }
    }
  }
}
