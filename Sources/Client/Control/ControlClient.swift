import Glibc
package import Platform
package import Protocol

/// The commands' end of the control socket: one request at a time, blocking. Not for use by several threads.
///
/// The socket carries frames with JSON-RPC 2.0. Closing it, by releasing this object or by the end of the process,
/// cancels what runs for it.
package final class ControlClient {
  /// A daemon that is there answers `hello` at once, whatever its upstreams do.
  private static let introductionSeconds = 10

  /// Where the daemon listens.
  package let path: String
  /// Who listens there, as the kernel noted it.
  package let peer: PeerCredentials
  /// Known after `introduce(as:)`.
  package private(set) var identity: DaemonIdentity?

  private let socket: OwnedDescriptor
  private var decoder = FrameDecoder()
  private var frames: [[UInt8]] = []
  private var lastID: Int64 = 0

  /// `socket` is connected, its peer was checked, and it does not block.
  init(socket: consuming OwnedDescriptor, path: String) throws(SystemError) {
    peer = try PeerCredentials(of: socket)
    self.socket = consume socket
    self.path = path
  }

  /// The handshake that comes first on every connection.
  func introduce(as name: String) throws(ClientError) {
    let result = try request("hello", limit: .seconds(Self.introductionSeconds)) { writer in
      writer.beginObject()
      writer.member("kind", "cli")
      writer.member("name", name)
      writer.member("version", WarmplaneVersion.current)
      writer.member("pid", Int(getpid()))
      writer.endObject()
    }
    identity = DaemonIdentity(result, peer: peer.pid)
  }

  /// A request whose result is `{"status", "body"}`.
  package func answer(
    to method: String, onWait: WaitObserver? = nil, params: (inout JSONWriter) -> Void = { $0.emptyObject() }
  ) throws(ClientError) -> ServiceAnswer {
    let result = try request(method, onWait: onWait, params: params)
    guard let status = result.member("status")?.int, let body = result.member("body") else {
      throw .badAnswer("the result of \(method) has no status and body")
    }
    return ServiceAnswer(status: status, body: body)
  }

  /// Blocks until the next notification `method` comes, and returns its params.
  package func notification(_ method: String) throws(ClientError) -> JSONSlice {
    while true {
      let frame = try nextFrame(start: .now, deadline: nil, onWait: nil)
      let message: JSONRPCMessage
      do { message = try JSONRPCMessage(parsing: frame) } catch { throw .badAnswer("\(error)") }
      if case .notification(let name) = message.kind, name == method, let params = message.params { return params }
    }
  }

  /// Whether a notification can be had without waiting.
  package var hasFrames: Bool { !frames.isEmpty }

  /// Sends a request and blocks until its result is there, at most for `limit`.
  private func request(
    _ method: String, limit: Duration? = nil, onWait: WaitObserver? = nil, params: (inout JSONWriter) -> Void
  ) throws(ClientError) -> JSONSlice {
    lastID += 1
    let id = RequestID.int(lastID)
    // Not JSONRPCWriter.request: its closure would have to escape.
    var writer = JSONWriter(oneLine: true)
    writer.beginObject()
    writer.member("jsonrpc", "2.0")
    writer.member("id", id)
    writer.member("method", method)
    writer.key("params")
    params(&writer)
    writer.endObject()
    let start = MonotonicTime.now
    let deadline = limit.map { start + $0 }
    try send(writer.finish(), until: deadline)
    while true {
      let frame = try nextFrame(start: start, deadline: deadline, onWait: onWait)
      let message: JSONRPCMessage
      do { message = try JSONRPCMessage(parsing: frame) } catch { throw .badAnswer("\(error)") }
      switch message.kind {
      case .response(id):
        if let result = message.result { return result }
      case .errorResponse(id), .errorResponse(nil):
        throw .refused(code: message.errorCode ?? 0, message: message.errorMessage ?? "no reason given")
      case .response, .errorResponse, .request, .notification:
        continue  // Nothing that was asked for.
      }
    }
  }

  private func send(_ payload: [UInt8], until deadline: MonotonicTime?) throws(ClientError) {
    if payload.count > Frame.maximumLength {
      throw .requestTooLarge(bytes: payload.count, limit: Frame.maximumLength)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(payload.count + Frame.headerLength)
    Frame.append(payload, to: &bytes)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { rest in
        retryingInterrupts { Glibc.send(socket.number, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL)) }
      }
      if count >= 0 {
        sent += count
      } else if errno == EAGAIN {
        try wait(for: POLLOUT, start: .now, deadline: deadline, onWait: nil)
      } else {
        throw .connectionLost("\(SystemError("send", subject: path))")
      }
    }
  }

  private func nextFrame(
    start: MonotonicTime, deadline: MonotonicTime?, onWait: WaitObserver?
  ) throws(ClientError) -> [UInt8] {
    while frames.isEmpty {
      let result = withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { chunk in
        receive(into: chunk)
      }
      switch try result.get() {
      case .some: continue
      case .none: try wait(for: POLLIN, start: start, deadline: deadline, onWait: onWait)
      }
    }
    return frames.removeFirst()
  }

  /// Reads what is there and cuts it into frames: the number of bytes, or nil when nothing is there yet.
  private func receive(into chunk: UnsafeMutableRawBufferPointer) -> Result<Int?, ClientError> {
    let count = retryingInterrupts { read(socket.number, chunk.baseAddress, chunk.count) }
    if count < 0 {
      if errno == EAGAIN { return .success(nil) }
      return .failure(.connectionLost("\(SystemError("read", subject: path))"))
    }
    do {
      if count == 0 {
        try decoder.finish()
        return .failure(.connectionLost("the daemon (pid \(identity?.pid ?? peer.pid)) closed it"))
      }
      try decoder.feed(UnsafeRawBufferPointer(rebasing: chunk[..<count])) { frames.append($0) }
      return .success(count)
    } catch .truncated(let missing) {
      return .failure(.connectionLost("\(FrameError.truncated(missing: missing))"))
    } catch {
      return .failure(.badAnswer("\(error)"))
    }
  }

  private func wait(
    for events: Int32, start: MonotonicTime, deadline: MonotonicTime?, onWait: WaitObserver?
  ) throws(ClientError) {
    guard DescriptorWait.wait(socket, for: events, until: deadline, since: start, observer: onWait) else {
      throw .silent(place: path, seconds: Self.introductionSeconds)
    }
  }
}

extension JSONWriter {
  /// `{}`
  package mutating func emptyObject() {
    beginObject()
    endObject()
  }
}
