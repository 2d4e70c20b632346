import Glibc
import Protocol

/// A blocking client of the control socket that can also say nonsense. Reads give up after 20 s.
final class SurfaceControlClient {
  struct Failure: Error, CustomStringConvertible { let description: String }

  private let socket: Int32
  private var decoder = FrameDecoder()
  private var frames: [[UInt8]] = []
  private var lastID = 0

  init(path: String) throws {
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw Failure(description: "connect to \(path): errno \(errno)") }
  }

  deinit { close(socket) }

  /// The handshake; its result.
  @discardableResult
  func hello(_ params: String = #"{"kind":"cli","name":"test","version":"1"}"#) throws -> JSONSlice {
    try request("hello", params)
  }

  /// A request and its result. `params` is JSON text.
  func request(_ method: String, _ params: String = "{}") throws -> JSONSlice {
    try send(method, params)
    let message = try message()
    guard let result = message.member("result") else {
      throw Failure(description: String(decoding: message.bytes, as: UTF8.self))
    }
    return result
  }

  /// Sends a request and does not wait.
  func send(_ method: String, _ params: String = "{}") throws {
    lastID += 1
    try sendFrame(#"{"jsonrpc":"2.0","id":\#(lastID),"method":"\#(method)","params":\#(params)}"#)
  }

  func sendFrame(_ payload: String) throws {
    var bytes: [UInt8] = []
    Frame.append(Array(payload.utf8), to: &bytes)
    try sendBytes(bytes)
  }

  /// Sends as much as the socket takes when `isWaiting` is false; the number of bytes.
  @discardableResult
  func sendBytes(_ bytes: [UInt8], isWaiting: Bool = true) throws -> Int {
    var sent = 0
    while sent < bytes.count {
      let flags = Int32(MSG_NOSIGNAL) | (isWaiting ? 0 : Int32(MSG_DONTWAIT))
      let count = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, flags) }
      if count < 0 && errno == EAGAIN && !isWaiting { return sent }
      if count < 0 { throw Failure(description: "send: errno \(errno)") }
      sent += count
    }
    return sent
  }

  /// The next message.
  func message() throws -> JSONSlice {
    while frames.isEmpty {
      guard try receive() else { throw Failure(description: "the daemon closed the connection") }
    }
    return try JSONSlice(validating: frames.removeFirst())
  }

  /// Whether the daemon closes, and says nothing more before.
  func isClosed() -> Bool { frames.isEmpty && (try? receive()) == false }

  private func receive() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = buffer.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
    if count == 0 || count < 0 && errno == ECONNRESET { return false }
    if count < 0 { throw Failure(description: "recv: errno \(errno)") }
    // Not `try` around the closure: the compiler crashes on a typed throw through it.
    let error: FrameError? = buffer[..<count].withUnsafeBytes { bytes in
      do throws(FrameError) { try decoder.feed(bytes) { frames.append($0) } } catch { return error }
      return nil
    }
    if let error { throw error }
    return true
  }
}
