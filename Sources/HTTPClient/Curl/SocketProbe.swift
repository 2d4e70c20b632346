import Glibc

/// Looks at sockets that belong to libcurl, without changing them.
enum SocketProbe {
  /// Nil for what is no connected internet socket.
  static func localPort(of socket: Int32) -> Int? {
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
    }
    guard result == 0, address.ss_family == AF_INET || address.ss_family == AF_INET6 else { return nil }
    // The port stands at the same place in both families.
    return withUnsafeBytes(of: address) { Int($0[2]) << 8 | Int($0[3]) }
  }

  /// Neither bytes nor the peer's end nor an error waits in it.
  static func isQuiet(_ socket: Int32) -> Bool {
    var byte: UInt8 = 0
    return recv(socket, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) < 0
      && (errno == EAGAIN || errno == EWOULDBLOCK)
  }
}
