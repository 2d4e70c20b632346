import Glibc

/// Which file a path means right now.
struct FileIdentity: Equatable {
  private let device: UInt64
  private let inode: UInt64

  /// Nil when there is nothing.
  init?(path: String) {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    device = UInt64(information.st_dev)
    inode = UInt64(information.st_ino)
  }
}
