import CSQLite
import Glibc
import Platform

/// Why the state file could not be read or written, and what has to follow from it.
struct StoreFailure: Error, Sendable, Equatable, CustomStringConvertible {
  enum Condition: Sendable, Hashable {
    /// What lies there is damaged or not ours: set it aside and start anew.
    case unusable
    /// No space: of the disk, of a quota, or up to the process's limit.
    case full
    /// Not writable by us.
    case readOnly
    /// Another process held it for too long.
    case busy
    /// This value cannot be stored, ever.
    case refused
    /// Anything else, for example an I/O error.
    case failed
  }

  let condition: Condition
  /// A clause of which the file or its directory is the subject, or the words of the failed call.
  let description: String

  init(_ condition: Condition, _ description: String) {
    self.condition = condition
    self.description = description
  }

  init(_ error: SystemError) {
    self.init(Self.condition(errno: error.code) ?? .failed, error.description)
  }

  init(_ error: SQLiteError) {
    self.init(Self.condition(of: error), error.description)
  }

  /// Of a constant statement that did not fit the file: then its tables are not those of its version.
  init(ofSchema error: SQLiteError) {
    if error.primaryCode == SQLITE_ERROR {
      self.init(.unusable, "its tables are not ours: \(error)")
    } else {
      self.init(error)
    }
  }

  private static func condition(of error: SQLiteError) -> Condition {
    switch error.primaryCode {
    case SQLITE_CORRUPT, SQLITE_NOTADB: .unusable
    case SQLITE_FULL: .full
    case SQLITE_READONLY: .readOnly
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .busy
    case SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH: .refused
    case SQLITE_CANTOPEN: condition(errno: error.systemErrno) ?? .failed
    // Growing the index beside the log. Of other I/O errors nothing is known: by the time that SQLite asks for `errno`
    // it has been overwritten.
    case SQLITE_IOERR: error.code == SQLITE_IOERR | (19 << 8) ? .full : .failed  // SQLITE_IOERR_SHMSIZE
    default: .failed
    }
  }

  private static func condition(errno code: Int32) -> Condition? {
    switch code {
    case ENOSPC, EDQUOT, EFBIG: .full
    case EROFS, EACCES, EPERM: .readOnly
    default: nil
    }
  }
}
