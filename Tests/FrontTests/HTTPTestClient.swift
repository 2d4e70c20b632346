import Glibc
import Platform

/// A blocking client that writes what it is told, byte for byte. Reads give up after five seconds, so that a missing
/// answer is a failed test and not a hanging one.
final class HTTPTestClient {
  struct Answer: Equatable {
    var status = 0
    var head = ""
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of a header that came once; nil otherwise.
    func header(_ name: String) -> String? {
      let lines = head.split(separator: "\r\n").filter { $0.lowercased().hasPrefix(name.lowercased() + ":") }
      guard lines.count == 1, let line = lines.first else { return nil }
      return String(line.drop { $0 != ":" }.dropFirst().drop { $0 == " " })
    }
  }

  private let socket: OwnedDescriptor
  private var received: [UInt8] = []

  init(port: Int, ipv6: Bool = false) {
    let number = Glibc.socket(ipv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var timeout = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    let result: Int32
    if ipv6 {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = in_port_t(port).bigEndian
      address.sin6_addr = in6addr_loopback
      result = Self.connect(number, &address)
    } else {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
      result = Self.connect(number, &address)
    }
    if result < 0 { fatalError("the test's server does not listen: \(SystemError("connect"))") }
    socket = OwnedDescriptor(owning: number)
  }

  private static func connect<Address>(_ number: Int32, _ address: inout Address) -> Int32 {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(number, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }

  // MARK: Writing

  /// False when the server has closed.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(socket.number, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 { return false }
      sent += count
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// A request with a good `Host`; `headers` are whole lines.
  static func request(
    _ method: String, _ target: String, _ headers: [String] = [], body: String? = nil
  ) -> String {
    var lines = ["\(method) \(target) HTTP/1.1", "Host: 127.0.0.1"] + headers
    if let body { lines.append("Content-Length: \(body.utf8.count)") }
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
  }

  /// One request and its answer.
  func exchange(_ method: String, _ target: String, _ headers: [String] = [], body: String? = nil) -> Answer? {
    send(Self.request(method, target, headers, body: body))
    return answer(toHead: method == "HEAD")
  }

  func shutDownWriting() { shutdown(socket.number, Int32(SHUT_WR)) }

  // MARK: Reading

  /// The next answer; nil when the connection ends or nothing comes.
  func answer(toHead: Bool = false) -> Answer? {
    let separator = Array("\r\n\r\n".utf8)
    var end: Int?
    while true {
      end = received.firstRange(of: separator)?.upperBound
      if end != nil { break }
      guard receive() else { return nil }
    }
    guard let end else { return nil }
    var answer = Answer()
    answer.head = String(decoding: received[..<end], as: UTF8.self)
    answer.status = Int(answer.head.split(separator: " ").dropFirst().first ?? "") ?? 0
    received.removeFirst(end)
    let length = toHead || answer.status < 200 ? 0 : Int(answer.header("content-length") ?? "") ?? 0
    while received.count < length { guard receive() else { return nil } }
    answer.body = Array(received[..<length])
    received.removeFirst(length)
    return answer
  }

  /// The next chunk of a streamed body (RFC 9112 §7.1); empty for the last one, nil when the connection ends before.
  func chunk() -> String? {
    let separator = Array("\r\n".utf8)
    while received.firstRange(of: separator) == nil { guard receive() else { return nil } }
    guard let line = received.firstRange(of: separator),
      let length = Int(String(decoding: received[..<line.lowerBound], as: UTF8.self), radix: 16)
    else { return nil }
    while received.count < line.upperBound + length + 2 { guard receive() else { return nil } }
    defer { received.removeFirst(line.upperBound + length + 2) }
    return String(decoding: received[line.upperBound..<line.upperBound + length], as: UTF8.self)
  }

  /// Chunks until their text ends with `end`; nil when the connection ends before.
  func chunks(until end: String) -> String? {
    var text = ""
    while !text.hasSuffix(end) {
      guard let more = chunk(), !more.isEmpty else { return nil }
      text += more
    }
    return text
  }

  /// Whether the server closes the connection, and sends nothing more before.
  func isClosed() -> Bool {
    let before = received.count
    while receive() {}
    return received.count == before && lastCount == 0
  }

  private var lastCount = 1

  private func receive() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    lastCount = buffer.withUnsafeMutableBytes { recv(socket.number, $0.baseAddress, $0.count, 0) }
    // A reset is a close too: the server had unread bytes of ours.
    if lastCount < 0 && errno == ECONNRESET { lastCount = 0 }
    guard lastCount > 0 else { return false }
    received.append(contentsOf: buffer[..<lastCount])
    return true
  }
}
