import Glibc
import OAuth
import Platform
import TestSupport
import Testing

/// The callback's address on real sockets.
@Suite(.timeLimit(.minutes(2))) struct CallbackServerTests {
  private static let expected = AuthorizationResponse.Expectation(state: "S", issuer: nil, requiresIssuer: false)
  private static let answer = "GET /callback?code=C&state=S HTTP/1.1\r\nHost: x\r\n\r\n"

  /// A server on a free port, and what came out of it.
  private static func start(
    _ on: isolated LoopThread, host: String = "127.0.0.1", _ onOutcome: @escaping (LoginWait.Outcome) -> Void
  ) throws -> (server: CallbackServer, port: UInt16) {
    var tries = 0
    while true {
      let port = try freePort()
      let target = try #require(CallbackTarget("http://\(host):\(port)/callback"))
      do {
        let wait = LoginWait(path: target.path, expected: expected)
        return (try CallbackServer(loop: on.loop, target: target, wait: wait, onOutcome: onOutcome), port)
      } catch {
        // Another test took the port meanwhile.
        tries += 1
        if tries > 10 { throw error }
      }
    }
  }

  /// A port that was free a moment ago.
  private static func freePort() throws -> UInt16 {
    let socket = try LoopbackSocket.listen(.v4, port: 0)
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket.number, $0, &size) }
    }
    guard result == 0 else { throw SystemError("getsockname") }
    return UInt16(bigEndian: address.sin_port)
  }

  /// The number of a connected socket, which the caller closes; nil when nobody listens.
  private static func connect(_ family: LoopbackSocket.Family = .v4, _ port: UInt16) -> Int32? {
    let number = socket(family == .v4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
    guard number >= 0 else { return nil }
    var v4 = sockaddr_in()
    v4.sin_family = sa_family_t(AF_INET)
    v4.sin_port = port.bigEndian
    v4.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var v6 = sockaddr_in6()
    v6.sin6_family = sa_family_t(AF_INET6)
    v6.sin6_port = port.bigEndian
    v6.sin6_addr = in6addr_loopback
    func connect<Address>(_ address: inout Address) -> Int32 {
      withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.connect(number, $0, socklen_t(MemoryLayout<Address>.size))
        }
      }
    }
    if (family == .v4 ? connect(&v4) : connect(&v6)) == 0 { return number }
    close(number)
    return nil
  }

  /// Whether nobody listens any more. A child that another test is just starting may hold a copy of the socket until it
  /// has called exec.
  private static func isGone(_ on: isolated LoopThread, _ port: UInt16) async -> Bool {
    await eventually {
      guard let number = connect(.v4, port) else { return true }
      close(number)
      return false
    }
  }

  /// Sends `text`, and waits for all that comes back; empty when the connection was refused or cut.
  private static func exchange(
    _ on: isolated LoopThread, _ text: String, _ port: UInt16, _ family: LoopbackSocket.Family = .v4
  ) async throws -> String {
    guard let number = connect(family, port) else { return "" }
    let socket = OwnedDescriptor(owning: number)
    let bytes = Array(text.utf8)
    _ = send(socket.number, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    try socket.setNonBlocking()
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    _ = await eventually {
      let count = read(socket.number, &chunk, chunk.count)
      if count > 0 { answer += chunk[..<count] }
      return count == 0 || (count < 0 && errno != EAGAIN)
    }
    return String(decoding: answer, as: UTF8.self)
  }

  @Test func theAnswerAmongOthers() async throws {
    try await LoopThread.run { on in
      var outcomes: [LoginWait.Outcome] = []
      let (server, port) = try Self.start(on) { outcomes.append($0) }
      for (text, status) in [
        ("GET /favicon.ico HTTP/1.1\r\n\r\n", 404), ("GET /callback?code=X&state=wrong HTTP/1.1\r\n\r\n", 400),
        ("POST /callback HTTP/1.1\r\n\r\n", 405), ("\u{16}\u{3}\r\n\r\n", 400),
      ] {
        #expect(try await Self.exchange(on, text, port).hasPrefix("HTTP/1.1 \(status) "))
      }
      #expect(outcomes.isEmpty)
      let page = try await Self.exchange(on, Self.answer, port)
      #expect(page.hasPrefix("HTTP/1.1 200 OK\r\n") && page.hasSuffix("go back to the terminal.\n"))
      #expect(await eventually { outcomes == [.code("C")] })
      #expect(await Self.isGone(on, port), "nobody listens any more")
      withExtendedLifetime(server) {}
    }
  }

  @Test func bothFamiliesOfLocalhost() async throws {
    try await LoopThread.run { on in
      var outcomes: [LoginWait.Outcome] = []
      let (server, port) = try Self.start(on, host: "localhost") { outcomes.append($0) }
      #expect(try await Self.exchange(on, "GET / HTTP/1.1\r\n\r\n", port).hasPrefix("HTTP/1.1 404 "))
      if (try? LoopbackSocket.listen(.v6, port: 0)) != nil {
        #expect(try await Self.exchange(on, Self.answer, port, .v6).hasPrefix("HTTP/1.1 200 "))
      } else {
        #expect(try await Self.exchange(on, Self.answer, port).hasPrefix("HTTP/1.1 200 "))
      }
      #expect(await eventually { outcomes == [.code("C")] })
      withExtendedLifetime(server) {}
    }
  }

  @Test func aBusyPort() async throws {
    try await LoopThread.run { on in
      let (server, port) = try Self.start(on) { _ in }
      let target = try #require(CallbackTarget("http://127.0.0.1:\(port)/callback"))
      let failure = #expect(throws: SystemError.self) {
        _ = try CallbackServer(
          loop: on.loop, target: target, wait: LoginWait(path: target.path, expected: Self.expected),
          onOutcome: { _ in })
      }
      #expect(failure?.code == EADDRINUSE)
      withExtendedLifetime(server) {}
    }
  }

  /// Silent connections, more than are kept, do not keep the browser out, and a request in pieces is understood.
  @Test func manyIdleConnections() async throws {
    try await LoopThread.run { on in
      var outcomes: [LoginWait.Outcome] = []
      let (server, port) = try Self.start(on) { outcomes.append($0) }
      var idle: [Int32] = []
      for _ in 0..<5 {
        // No more than the kernel keeps until they are accepted.
        for _ in 0..<8 { idle.append(Self.connect(.v4, port) ?? -1) }
        #expect(try await Self.exchange(on, "GET / HTTP/1.1\r\n\r\n", port).hasPrefix("HTTP/1.1 404 "))
      }
      #expect(!idle.contains(-1))
      let socket = try #require(Self.connect(.v4, port))
      let bytes = Array(Self.answer.utf8)
      for start in stride(from: 0, to: bytes.count, by: 7) {
        let piece = Array(bytes[start..<min(start + 7, bytes.count)])
        _ = send(socket, piece, piece.count, Int32(MSG_NOSIGNAL))
        await Task.yield()
      }
      // The browser does not read, and does not close: the outcome comes nevertheless.
      #expect(await eventually(within: .seconds(30)) { outcomes == [.code("C")] })
      for number in idle + [socket] { close(number) }
      withExtendedLifetime(server) {}
    }
  }

  @Test func closing() async throws {
    try await LoopThread.run { on in
      var outcomes: [LoginWait.Outcome] = []
      let (server, port) = try Self.start(on) { outcomes.append($0) }
      let socket = try #require(Self.connect(.v4, port))
      server.close()
      server.close()
      #expect(await Self.isGone(on, port))
      #expect(outcomes.isEmpty)
      close(socket)
    }
  }
}
