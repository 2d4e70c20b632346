import Glibc

/// A directory in which an instance may keep its sockets, before it is known whether it can be used.
package struct RuntimeDirectory: Sendable, Equatable {
  /// What has to be there first and has to belong to us.
  package var base: String
  /// Whether `base` may be created (0700) when it is missing.
  package var createsBase: Bool
  /// The instance's own directory below `base`.
  package var path: String

  package init(base: String, createsBase: Bool, path: String) {
    self.base = base
    self.createsBase = createsBase
    self.path = path
  }

  /// Whether `base` is a directory of the given user that not everybody can write to, creating it where that is allowed.
  /// A symbolic link is not followed: in `/tmp` somebody else could have put it there.
  package func baseIsUsable(uid: UInt32) -> Bool {
    if createsBase, mkdir(base, 0o700) != 0, errno != EEXIST { return false }
    var status = stat()
    guard lstat(base, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return false }
    return status.st_uid == uid && status.st_mode & 0o002 == 0
  }
}
