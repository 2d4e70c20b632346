import CLinux
import Glibc

/// Who may be at the other end of a Unix socket.
package enum PeerRule: Sendable, Hashable {
  /// Our own user, and root.
  case own
  /// Also the user who owns these directories, which hold the socket: the service of a system, whose clients are other
  /// users. Each must be a directory, be root's or that user's, and let nobody else write: then the owner, and nobody
  /// else, put the socket there.
  case owner(of: [String])
  /// Whoever the mode of the socket's file lets in: the listener of such a service.
  case anyone

  /// What the rule wants to know of a directory.
  struct Directory: Sendable {
    var isDirectory: Bool
    var owner: UInt32
    /// The permission bits.
    var mode: UInt32

    init(isDirectory: Bool, owner: UInt32, mode: UInt32) {
      self.isDirectory = isDirectory
      self.owner = owner
      self.mode = mode
    }

    /// What lies at the path itself: a link is no directory. Nil when there is nothing.
    init?(_ path: String) {
      var information = stat()
      guard lstat(path, &information) == 0 else { return nil }
      isDirectory = information.st_mode & S_IFMT == S_IFDIR
      owner = information.st_uid
      mode = information.st_mode & 0o7777
    }
  }

  /// Whether the peer is let in. `own`: the user that we are.
  package func accepts(_ peer: PeerCredentials, own: UInt32 = geteuid()) -> Bool {
    switch self {
    case .own: peer.uid == own || peer.uid == 0
    case .anyone: true
    case .owner(let paths): Self.accepts(peer.uid, own: own, directories: paths.map { Directory($0) })
    }
  }

  /// `nil` stands for a directory that is not there.
  static func accepts(_ peer: UInt32, own: UInt32, directories: [Directory?]) -> Bool {
    if peer == own || peer == 0 { return true }
    return !directories.isEmpty
      && directories.allSatisfy { directory in
        guard let directory, directory.isDirectory else { return false }
        return (directory.owner == 0 || directory.owner == peer) && directory.mode & 0o022 == 0
      }
  }
}
