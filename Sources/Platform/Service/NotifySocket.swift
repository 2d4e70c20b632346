import Glibc

/// The socket to which a service sends datagrams about its state (sd_notify(3)): a path, or an abstract name with `@`.
package struct NotifySocket: ~Copyable, Sendable {
  /// What became of a datagram.
  package enum Outcome: Sendable, Equatable {
    case sent
    /// The receiver's queue is full; later, perhaps.
    case busy
    /// Nobody is there. Not our concern.
    case lost
  }

  private let socket: OwnedDescriptor
  private let address: sockaddr_un
  private let length: socklen_t

  /// Throws for a name that is neither, or too long.
  package init(_ name: String) throws(SystemError) {
    let (address, length) = try Self.address(of: name)
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let number = Glibc.socket(AF_UNIX, type, 0)
    if number < 0 { throw SystemError("socket") }
    socket = OwnedDescriptor(owning: number)
    self.address = address
    self.length = length
  }

  private static func address(of name: String) throws(SystemError) -> (sockaddr_un, socklen_t) {
    var bytes = Array(name.utf8)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let isAbstract = bytes.first == UInt8(ascii: "@")
    guard isAbstract || bytes.first == UInt8(ascii: "/"), bytes.count > 1, !bytes.contains(0) else {
      throw SystemError("NOTIFY_SOCKET", code: EAFNOSUPPORT, subject: name)
    }
    if bytes.count > UnixSocket.longestPath { throw SystemError("NOTIFY_SOCKET", code: ENAMETOOLONG, subject: name) }
    if isAbstract { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    // An abstract name is as long as the address says; a path ends with a zero, which counts.
    let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    return (address, socklen_t(offset + bytes.count + (isAbstract ? 0 : 1)))
  }

  /// Sends lines of `NAME=value`. Does not block.
  package borrowing func send(_ text: String) -> Outcome {
    var address = self.address
    let bytes = Array(text.utf8)
    let count = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        retryingInterrupts { sendto(socket.number, bytes, bytes.count, Int32(MSG_NOSIGNAL), pointer, length) }
      }
    }
    if count >= 0 { return .sent }
    return errno == EAGAIN || errno == ENOBUFS ? .busy : .lost
  }
}
