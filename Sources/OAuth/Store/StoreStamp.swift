import Glibc

/// Which state of the store's file was seen: cheap to get (one `stat`) and cheap to compare, for a look per request.
package struct StoreStamp: Sendable, Equatable {
  private let device: UInt64
  private let inode: UInt64
  private let size: Int64
  /// Nanoseconds since 1970.
  private let modified: Int64

  /// The file behind `path` now; nil when there is none.
  package init?(path: String) {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    self.init(information)
  }

  init(_ information: stat) {
    device = UInt64(information.st_dev)
    inode = UInt64(information.st_ino)
    size = Int64(information.st_size)
    modified = Int64(information.st_mtim.tv_sec) * 1_000_000_000 + Int64(information.st_mtim.tv_nsec)
  }

  /// Times of files go in steps of some milliseconds: a file that changed this short a time ago may change again without
  /// another time.
  private static let step: Int64 = 50_000_000

  /// Whether a later change of the file would be seen in its stamp.
  var isSettled: Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let age = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) - modified
    return age > Self.step || age < 0
  }
}
