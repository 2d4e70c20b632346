import Glibc
import Protocol

/// A blocking HTTP/1.1 client that writes what it is told, byte for byte; one connection, kept open. Reads give up
/// after 20 s, so that a missing answer is a failed test and not a hanging one.
final class SurfaceHTTPClient {
  struct Failure: Error, CustomStringConvertible { let description: String }

  struct Answer {
    var status = 0
    var head = ""
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }
    /// The body; null when it is not JSON.
    var json: JSONSlice { (try? JSONSlice(validating: body)) ?? (try! JSONSlice(validating: Array("null".utf8))) }
    var error: JSONSlice? { json.member("error") }
    var code: String? { error?.member("code")?.string }
    var reason: String? { error?.member("reason")?.string }
    var isRetryable: Bool? { error?.member("retryable")?.bool }
    var message: String? { error?.member("message")?.string }
    var traceID: String? { json.member("trace_id")?.string }
    /// `classification state` of a failure.
    var retry: String? {
      json.member("retry").map { retry in
        [retry.member("classification"), retry.member("upstream_execution_state")]
          .map { $0?.string ?? "?" }.joined(separator: " ")
      }
    }
    var isDeduplicated: Bool { header("x-warmplane-deduplicated") == "true" }
    /// The first text block of a tool's result.
    var content: String? {
      json.member("data")?.member("content")?.elements.first { _ in true }?.member("text")?.string
    }

    /// The value of a header that came once.
    func header(_ name: String) -> String? {
      let lines = head.split(separator: "\r\n").filter { $0.lowercased().hasPrefix(name.lowercased() + ":") }
      guard lines.count == 1, let line = lines.first else { return nil }
      return String(line.drop { $0 != ":" }.dropFirst().drop { $0 == " " })
    }
  }

  private let socket: Int32
  private var received: [UInt8] = []

  /// `host`: an IPv4 address as a number.
  init(port: Int, host: UInt32 = 0x7F00_0001) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(host).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failure(description: "connect to port \(port): errno \(errno)") }
  }

  deinit { close(socket) }

  // MARK: Requests

  /// One request and its answer. A good `Host` is added unless `headers` has one; `Content-Length` for a body.
  func request(
    _ method: String, _ target: String, headers: [String] = [], body: [UInt8]? = nil
  ) throws -> Answer {
    try send(Self.bytes(method, target, headers: headers, body: body))
    return try answer(toHead: method == "HEAD")
  }

  func get(_ target: String, headers: [String] = []) throws -> Answer { try request("GET", target, headers: headers) }

  /// A POST with a JSON content type.
  func post(_ target: String, _ body: String, headers: [String] = []) throws -> Answer {
    try request("POST", target, headers: ["Content-Type: application/json"] + headers, body: Array(body.utf8))
  }

  func call(
    _ id: String, _ arguments: String = "{}", requestID: String? = nil, headers: [String] = []
  ) throws -> Answer {
    try post("/v1/tools/call", Self.callBody(id, arguments, requestID: requestID), headers: headers)
  }

  /// Sends a call and does not wait.
  func begin(
    _ id: String, _ arguments: String = "{}", requestID: String? = nil, headers: [String] = []
  ) throws {
    let body = Array(Self.callBody(id, arguments, requestID: requestID).utf8)
    try send(
      Self.bytes("POST", "/v1/tools/call", headers: ["Content-Type: application/json"] + headers, body: body))
  }

  static func callBody(_ id: String, _ arguments: String = "{}", requestID: String? = nil) -> String {
    #"{"capability_id":"\#(id)","args":\#(arguments)"# + (requestID.map { #","request_id":\#($0)"# } ?? "") + "}"
  }

  static func bytes(_ method: String, _ target: String, headers: [String] = [], body: [UInt8]? = nil) -> [UInt8] {
    var lines = ["\(method) \(target) HTTP/1.1"]
    if !headers.contains(where: { $0.lowercased().hasPrefix("host:") }) { lines.append("Host: 127.0.0.1") }
    lines += headers
    if let body { lines.append("Content-Length: \(body.count)") }
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? [])
  }

  // MARK: Bytes

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 { throw Failure(description: "send: errno \(errno)") }
      sent += count
    }
  }

  /// The next answer.
  func answer(toHead: Bool = false) throws -> Answer {
    let end = try readHead()
    var answer = Answer()
    answer.head = String(decoding: received[..<end], as: UTF8.self)
    answer.status = Int(answer.head.split(separator: " ").dropFirst().first ?? "") ?? 0
    received.removeFirst(end)
    let length = toHead || answer.status < 200 ? 0 : Int(answer.header("content-length") ?? "") ?? 0
    while received.count < length { try receive() }
    answer.body = Array(received[..<length])
    received.removeFirst(length)
    return answer
  }

  /// The next chunk of a streamed body (RFC 9112 §7.1); nil when the body or the connection ends.
  func chunk() throws -> [UInt8]? {
    let separator = Array("\r\n".utf8)
    do {
      while received.firstRange(of: separator) == nil { try receive() }
      guard let line = received.firstRange(of: separator),
        let length = Int(String(decoding: received[..<line.lowerBound], as: UTF8.self), radix: 16)
      else { throw Failure(description: "a chunk without a length") }
      while received.count < line.upperBound + length + 2 { try receive() }
      defer { received.removeFirst(line.upperBound + length + 2) }
      return length == 0 ? nil : Array(received[line.upperBound..<line.upperBound + length])
    } catch let error as ReadFailure {
      if error.isEnd { return nil }
      throw error
    }
  }

  /// Whether the server closes the connection, and sends nothing more before.
  func isClosed() -> Bool { (try? textUntilClose()) == "" }

  /// What the server still sends before it closes the connection.
  func textUntilClose() throws -> String {
    do { while true { try receive() } } catch let error { if !error.isEnd { throw error } }
    return String(decoding: received, as: UTF8.self)
  }

  private func readHead() throws -> Int {
    while true {
      if let end = received.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound { return end }
      try receive()
    }
  }

  private struct ReadFailure: Error, CustomStringConvertible {
    let isEnd: Bool
    let description: String
  }

  private func receive() throws(ReadFailure) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = buffer.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
    // A reset is a close too: the server had unread bytes of ours.
    if count == 0 || count < 0 && errno == ECONNRESET {
      throw ReadFailure(isEnd: true, description: "the server closed the connection")
    }
    if count < 0 { throw ReadFailure(isEnd: false, description: "recv: errno \(errno)") }
    received += buffer[..<count]
  }
}
