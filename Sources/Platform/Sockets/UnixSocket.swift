import CLinux
import Glibc

/// Stream sockets in the file system. Every peer is checked: only our own user and root are let in, unless told otherwise.
package enum UnixSocket {
  /// Bytes that `sockaddr_un.sun_path` holds, less its terminating zero.
  package static let longestPath = 107

  /// Binds and listens at `path`, which must not exist; the socket's mode is `mode` from the first moment.
  package static func listen(at path: String, mode: UInt32 = 0o600, backlog: Int32 = 128) throws(SystemError)
    -> OwnedDescriptor
  {
    let socket = try make()
    var address = try address(of: path)
    // Linux takes the mode of the file from that of the socket, less the umask: there is no moment at which others could
    // connect. The umask itself is the whole process's; changing it would reach what other threads create meanwhile.
    if fchmod(socket.number, mode) < 0 { throw SystemError("fchmod", subject: path) }
    if withAddress(&address, { bind(socket.number, $0, $1) }) < 0 { throw SystemError("bind", subject: path) }
    // What the umask took away beyond that.
    if chmod(path, mode) < 0 { throw SystemError("chmod", subject: path) }
    if Glibc.listen(socket.number, backlog) < 0 { throw SystemError("listen", subject: path) }
    return socket
  }

  /// Connects to the listener at `path` and checks who runs it. Does not block: a full backlog is an error (`EAGAIN`).
  package static func connect(to path: String, rule: PeerRule = .own) throws(SystemError) -> OwnedDescriptor {
    let socket = try make()
    var address = try address(of: path)
    let result = withAddress(&address) { address, size in
      retryingInterrupts { Glibc.connect(socket.number, address, size) }
    }
    if result < 0 { throw SystemError("connect", subject: path) }
    guard rule.accepts(try PeerCredentials(of: socket)) else {
      throw SystemError("connect", code: EPERM, subject: path)
    }
    return socket
  }

  /// A connected pair, non-blocking and close-on-exec.
  package static func pair() throws(SystemError) -> DescriptorPair {
    var numbers: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    if socketpair(AF_UNIX, type, 0, &numbers) < 0 { throw SystemError("socketpair") }
    return DescriptorPair(OwnedDescriptor(owning: numbers[0]), OwnedDescriptor(owning: numbers[1]))
  }

  private static func make() throws(SystemError) -> OwnedDescriptor {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let number = socket(AF_UNIX, type, 0)
    if number < 0 { throw SystemError("socket") }
    return OwnedDescriptor(owning: number)
  }

  private static func address(of path: String) throws(SystemError) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    if bytes.isEmpty || bytes.count > longestPath || bytes.contains(0) {
      throw SystemError("socket path", code: ENAMETOOLONG, subject: path)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return address
  }

  private static func withAddress(_ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32)
    -> Int32
  {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
