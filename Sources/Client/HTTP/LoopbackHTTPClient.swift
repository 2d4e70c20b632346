import Glibc
import Platform
import Protocol

/// Plain HTTP/1.1 to a daemon on 127.0.0.1: one connection per request, blocking, no proxy whatever the environment says.
///
/// There is no deadline but the daemon's. The end of the process closes the connection, which cancels the operation.
package struct LoopbackHTTPClient: Sendable {
  package let port: UInt16

  package init(port: UInt16) { self.port = port }

  package var address: String { "http://127.0.0.1:\(port)" }

  /// Sends a request and blocks until the response is there.
  package func answer(to request: HTTPRequest, onWait: WaitObserver? = nil) throws(ClientError) -> ServiceAnswer {
    let socket: OwnedDescriptor
    do { socket = try connect() } catch { throw .nobodyListens([error]) }
    send(request.serialized(host: "127.0.0.1:\(port)"), on: socket)
    var parser = HTTPResponseParser()
    let start = MonotonicTime.now
    while !parser.isComplete {
      _ = DescriptorWait.wait(socket, for: POLLIN, since: start, observer: onWait)
      try receive(from: socket, into: &parser)
    }
    do {
      return ServiceAnswer(status: parser.status, body: try JSONSlice(validating: parser.body))
    } catch {
      throw .badAnswer("\(address) answered \(parser.status) with a body that is not JSON: \(error)")
    }
  }

  private func connect() throws(SystemError) -> OwnedDescriptor {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let number = Glibc.socket(AF_INET, type, 0)
    if number < 0 { throw SystemError("socket") }
    let socket = OwnedDescriptor(owning: number)
    // Bounds connect as well; a full queue would be tried for two minutes otherwise.
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if result < 0 { throw SystemError("connect", subject: "127.0.0.1:\(port)") }
    limit.tv_sec = 0
    setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    return socket
  }

  /// A failure is not reported here: a server that refuses a request early closes the connection while we still write,
  /// and its answer is what counts. If there is none, reading tells.
  private func send(_ bytes: [UInt8], on socket: borrowing OwnedDescriptor) {
    let number = socket.number
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { rest in
        retryingInterrupts { Glibc.send(number, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL)) }
      }
      if count < 0 { return }
      sent += count
    }
  }

  private func receive(
    from socket: borrowing OwnedDescriptor, into parser: inout HTTPResponseParser
  ) throws(ClientError) {
    let number = socket.number
    let result = withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { chunk -> Result<Void, ClientError> in
      let count = retryingInterrupts { read(number, chunk.baseAddress, chunk.count) }
      if count < 0 { return .failure(.connectionLost("\(SystemError("read", subject: address))")) }
      do throws(HTTPResponseError) {
        if count == 0 {
          try parser.finish()
        } else {
          try parser.feed(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
        }
        return .success(())
      } catch {
        return .failure(error == .truncated ? .connectionLost("\(error)") : .badAnswer("\(error)"))
      }
    }
    try result.get()
  }
}
