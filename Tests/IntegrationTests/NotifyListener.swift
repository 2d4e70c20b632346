import Foundation
import Glibc
import Platform
import Synchronization

/// The socket of a service manager, and what arrived there.
final class NotifyListener: Sendable {
  struct Failure: Error, CustomStringConvertible { let description: String }

  let path: String
  private let number: Int32
  private let received = Mutex<[String]>([])

  init() throws {
    path = "/tmp/wp-notify-\(UUID().uuidString)"
    number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw Failure(description: "bind \(path): errno \(errno)") }
  }

  deinit {
    close(number)
    unlink(path)
  }

  /// The datagrams so far, in order.
  var all: [String] {
    received.withLock { received in
      var buffer = [UInt8](repeating: 0, count: 8192)
      while true {
        let count = recv(number, &buffer, buffer.count, 0)
        if count < 0 { return received }
        received.append(String(decoding: buffer.prefix(count), as: UTF8.self))
      }
    }
  }

  /// Forgets what has arrived.
  func forget() {
    _ = all
    received.withLock { $0 = [] }
  }

  /// Waits for a datagram, which may have arrived already.
  func wait(within seconds: Int64 = 20, for matches: (String) -> Bool) throws -> String {
    let deadline = MonotonicTime.now + .seconds(seconds)
    while true {
      if let found = all.first(where: matches) { return found }
      if MonotonicTime.now > deadline { throw Failure(description: "not told within \(seconds) s; told: \(all)") }
      usleep(5000)
    }
  }

  /// Waits for three of them that arrive from now on.
  func waitForMore(of matches: (String) -> Bool) throws {
    let count = all.count(where: matches)
    let deadline = MonotonicTime.now + .seconds(20)
    while all.count(where: matches) < count + 3 {
      if MonotonicTime.now > deadline { throw Failure(description: "no more of them: \(all)") }
      usleep(5000)
    }
  }
}
