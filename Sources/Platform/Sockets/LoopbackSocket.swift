import Glibc

/// TCP sockets that only processes of this machine reach.
package enum LoopbackSocket {
  package enum Family: Sendable, CaseIterable {
    /// 127.0.0.1
    case v4
    /// ::1, and nothing of IPv4
    case v6
  }

  /// Binds and listens at `port` of the loopback address; 0 is any free one. The socket does not block.
  package static func listen(_ family: Family, port: UInt16, backlog: Int32 = 16) throws(SystemError)
    -> OwnedDescriptor
  {
    let subject = "\(family == .v4 ? "127.0.0.1" : "[::1]"):\(port)"
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let number = socket(family == .v4 ? AF_INET : AF_INET6, type, 0)
    if number < 0 { throw SystemError("socket", subject: subject) }
    let descriptor = OwnedDescriptor(owning: number)
    var one: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    // Connections of an earlier listener that are still in TIME_WAIT do not keep its port.
    setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &one, size)
    let result: Int32
    switch family {
    case .v4:
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      result = bind(number, &address)
    case .v6:
      setsockopt(number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, size)
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_addr = in6addr_loopback
      result = bind(number, &address)
    }
    if result < 0 { throw SystemError("bind", subject: subject) }
    if Glibc.listen(number, backlog) < 0 { throw SystemError("listen", subject: subject) }
    return descriptor
  }

  private static func bind<Address>(_ number: Int32, _ address: inout Address) -> Int32 {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(number, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }
}
