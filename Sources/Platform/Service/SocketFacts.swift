import Glibc

/// What the kernel says of a socket that somebody else opened.
package struct SocketFacts: Sendable, Equatable {
  /// Its own address.
  package enum Address: Sendable, Equatable {
    case unix(path: String)
    /// An IP address as text, without brackets.
    case internet(address: String, port: Int)
    case other
  }

  package var address: Address
  package var isStream: Bool
  package var isListening: Bool

  package init(address: Address, isStream: Bool = true, isListening: Bool = true) {
    self.address = address
    self.isStream = isStream
    self.isListening = isListening
  }

  /// Nil for a descriptor that is not open, or no socket.
  package init?(of number: Int32) {
    guard let type = Self.option(SO_TYPE, of: number), let listens = Self.option(SO_ACCEPTCONN, of: number) else {
      return nil
    }
    isStream = type == Int32(SOCK_STREAM.rawValue)
    isListening = listens != 0
    address = Self.address(of: number)
  }

  private static func option(_ name: Int32, of number: Int32) -> Int32? {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(number, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
  }

  private static func address(of number: Int32) -> Address {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> Address in
        guard getsockname(number, pointer, &size) == 0 else { return .other }
        switch Int32(pointer.pointee.sa_family) {
        case AF_UNIX: return .unix(path: path(of: UnsafeRawPointer(pointer), size: Int(size)))
        case AF_INET, AF_INET6: return internet(pointer, size)
        default: return .other
        }
      }
    }
  }

  /// Abstract names keep their leading zero as `@`, as people write them.
  private static func path(of address: UnsafeRawPointer, size: Int) -> String {
    let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    let bytes = UnsafeRawBufferPointer(start: address + offset, count: max(0, size - offset))
    if bytes.first == 0 { return "@" + String(decoding: bytes.dropFirst(), as: UTF8.self) }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func internet(_ pointer: UnsafeMutablePointer<sockaddr>, _ size: socklen_t) -> Address {
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard getnameinfo(pointer, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else { return .other }
    // The port is at the same place in both families.
    let port = UnsafeRawPointer(pointer).load(fromByteOffset: 2, as: in_port_t.self)
    return .internet(
      address: String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
      port: Int(in_port_t(bigEndian: port)))
  }
}
