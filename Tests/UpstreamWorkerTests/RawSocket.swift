import Glibc
import Platform

/// A connection for bytes that are no frames.
final class RawSocket {
  private let socket: OwnedDescriptor

  init(_ path: String) throws { socket = try UnixSocket.connect(to: path) }

  func write(_ bytes: [UInt8]) { _ = bytes.withUnsafeBytes { Glibc.send(socket.number, $0.baseAddress, $0.count, 0) } }

  /// The peer has closed the connection.
  var isClosed: Bool {
    var byte: UInt8 = 0
    let count = recv(socket.number, &byte, 1, Int32(MSG_DONTWAIT))
    return count == 0 || (count < 0 && errno == ECONNRESET)
  }
}
