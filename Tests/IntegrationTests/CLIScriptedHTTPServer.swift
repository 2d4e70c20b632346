import Foundation
import Glibc
import Platform
import Synchronization

/// Answers one HTTP request on 127.0.0.1 with given bytes, on a thread of its own.
final class CLIScriptedHTTPServer: Sendable {
  let port: UInt16

  private let request = Mutex<[UInt8]>([])

  /// `pieces`: the response, each part in a write of its own. Nil: it closes the connection without a word.
  init(answering pieces: [String]?) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        guard bind(listener, $0, size) == 0, listen(listener, 8) == 0, getsockname(listener, $0, &size) == 0 else {
          fatalError("no port: errno \(errno)")
        }
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    startThread { self.serve(listener, pieces) }
  }

  /// What the client sent. Complete when the client has ended.
  var received: String { request.withLock { String(decoding: $0, as: UTF8.self) } }

  private func serve(_ listener: Int32, _ pieces: [String]?) {
    var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    poll(&entry, 1, 60_000)
    let connection = accept(listener, nil, nil)
    close(listener)
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while !isComplete {
      let count = read(connection, &chunk, chunk.count)
      if count <= 0 { break }
      request.withLock { $0 += chunk[..<count] }
    }
    for piece in pieces ?? [] where !sendAll(Array(piece.utf8), to: connection) { break }
    close(connection)
  }

  /// Whether header and body are there.
  private var isComplete: Bool {
    let text = received
    guard let head = text.range(of: "\r\n\r\n") else { return false }
    let length = text.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
    return text[head.upperBound...].utf8.count >= length.flatMap { Int($0.dropFirst(16)) } ?? 0
  }
}
