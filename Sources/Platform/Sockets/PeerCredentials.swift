import Glibc

/// Who is at the other end of a Unix socket, as the kernel recorded it at `connect` (`SO_PEERCRED`).
package struct PeerCredentials: Sendable, Equatable {
  package let pid: Int32
  package let uid: UInt32
  package let gid: UInt32

  /// Asks the kernel; fails on anything but a connected Unix socket.
  package init(of socket: borrowing OwnedDescriptor) throws(SystemError) {
    var credentials: (Int32, UInt32, UInt32) = (0, 0, 0)
    var size = socklen_t(MemoryLayout.size(ofValue: credentials))
    if getsockopt(socket.number, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0 {
      throw SystemError("getsockopt SO_PEERCRED")
    }
    // The kernel answers for every socket; without a peer it has nobody to name.
    if credentials.1 == .max { throw SystemError("getsockopt SO_PEERCRED", code: ENOTCONN) }
    (pid, uid, gid) = credentials
  }

  /// Whether the peer may talk to a process of ours: the same user, or root.
  package var isTrusted: Bool { PeerRule.own.accepts(self) }
}
