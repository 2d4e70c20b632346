import Glibc

/// A port of 127.0.0.1 that another program listens on, until `release` or the end of this object.
final class TakenPort {
  let port: Int
  private var socket: Int32

  init() throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let number = socket
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, size) == 0 && listen(number, 1) == 0 && getsockname(number, $0, &size) == 0
      }
    }
    guard isListening else { throw SurfaceHTTPClient.Failure(description: "no port to take: errno \(errno)") }
    port = Int(in_port_t(bigEndian: address.sin_port))
  }

  func release() {
    if socket >= 0 { close(socket) }
    socket = -1
  }

  deinit { release() }
}
