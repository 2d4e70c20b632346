import Glibc
package import Platform

/// A TCP socket that listens on one address. Opened by us and not by the library, so that a taken port is an error of
/// its own.
package struct HTTPListener: ~Copyable {
  package let socket: OwnedDescriptor
  /// The port, also when port 0 (any free one) was asked for.
  package let port: Int

  /// Listens on the IPv4 or IPv6 address `address` (no host names, no brackets).
  package init(address: String, port: Int) throws(HTTPServerError) {
    let socket = try Self.open(address, port)
    self.port = try Self.localPort(of: socket)
    self.socket = socket
  }

  /// Goes on with a socket that listens already. Nil, and the socket is closed, when it is not one of `address` and `port`
  /// (0: any port will do).
  init?(inheriting number: Int32, address: String, port: Int) {
    let socket = OwnedDescriptor(owning: number)
    guard let local = try? Self.localPort(of: socket), port == 0 || port == local,
      Self.localAddress(of: socket) == address
    else { return nil }
    self.port = local
    self.socket = socket
  }

  private static func localAddress(of socket: borrowing OwnedDescriptor) -> String? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let result = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Bool in
        getsockname(socket.number, address, &length) == 0
          && getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
      }
    }
    return result ? String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
  }

  private static func open(_ address: String, _ port: Int) throws(HTTPServerError) -> OwnedDescriptor {
    guard let number = in_port_t(exactly: port) else { throw .system(SystemError("bind", code: EINVAL)) }
    var v4 = sockaddr_in()
    var v6 = sockaddr_in6()
    if inet_pton(AF_INET, address, &v4.sin_addr) == 1 {
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = number.bigEndian
      return try listen(family: AF_INET, at: &v4, address, port)
    }
    if inet_pton(AF_INET6, address, &v6.sin6_addr) == 1 {
      v6.sin6_family = sa_family_t(AF_INET6)
      v6.sin6_port = number.bigEndian
      return try listen(family: AF_INET6, at: &v6, address, port)
    }
    throw .invalidAddress(address)
  }

  /// Gives the socket away; the caller owns it now.
  consuming func releaseSocket() -> Int32 { socket.release() }

  private static func listen<Address>(
    family: Int32, at socketAddress: inout Address, _ address: String, _ port: Int
  ) throws(HTTPServerError) -> OwnedDescriptor {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let number = Glibc.socket(family, kind, 0)
    if number < 0 { throw .system(SystemError("socket")) }
    let owned = OwnedDescriptor(owning: number)
    var one: Int32 = 1
    // Without it a restarted daemon would wait for the TIME_WAIT of its predecessor's connections.
    _ = setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    // `::` must not take the IPv4 port too: that is another `bind`.
    if family == AF_INET6 { _ = setsockopt(number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, 4) }
    let bound = withUnsafePointer(to: &socketAddress) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
    if bound < 0 || Glibc.listen(number, SOMAXCONN) < 0 {
      if errno == EADDRINUSE { throw .addressInUse(address: address, port: port) }
      throw .system(SystemError("bind", subject: "\(address) port \(port)"))
    }
    return owned
  }

  private static func localPort(of socket: borrowing OwnedDescriptor) throws(HTTPServerError) -> Int {
    var storage = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let result = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket.number, $0, &length) }
    }
    if result < 0 { throw .system(SystemError("getsockname")) }
    // The port is at the same place in both families.
    return Int(in_port_t(bigEndian: storage.sin6_port))
  }
}
