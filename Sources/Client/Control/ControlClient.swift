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

  /// The handshake that comes first on every connection. `client`: random, of this process; who tells it can ask another
  /// daemon for the answer to a request of this one.
  func introduce(as name: String, client: String?) throws(ClientError) {
    let result = try request("hello", limit: .seconds(Self.introductionSeconds)) { writer in
      writer.beginObject()
      writer.member("kind", "cli")
      writer.member("name", name)
      writer.member("version", WarmplaneVersion.current)
      writer.member("pid", Int(getpid()))
      if let client { writer.member("client", client) }
      writer.endObject()
    }
    identity = DaemonIdentity(result, peer: peer.pid)
  }

  /// A request whose result is `{"status", "body"}`.
  package func answer(
    to method: String, onWait: WaitObserver? = nil, params: (inout JSONWriter) -> Void = { $0.emptyObject() }
  ) throws(ClientError) -> ServiceAnswer {
    try Self.answer(try request(method, onWait: onWait, params: params))
  }

  private static func answer(_ result: JSONSlice) throws(ClientError) -> ServiceAnswer {
    guard let status = result.member("status")?.int, let body = result.member("body") else {
      throw .badAnswer("a result has no status and body")
    }
    return ServiceAnswer(status: status, body: body)
  }

  /// What comes behind `ask`.
  package enum Message {
    case notification(method: String, JSONSlice)
    case answer(ServiceAnswer)
  }

  /// Sends a request whose answer comes with notifications before and behind it; `next()` has them.
  package func ask(_ method: String, params: (inout JSONWriter) -> Void) throws(ClientError) {
    try send(request: method, until: nil, params: params)
  }

  /// Blocks until there is the answer to the last request, or a notification with params.
  package func next() throws(ClientError) -> Message {
    while true {
      let frame = try nextFrame(start: .now, deadline: nil, onWait: nil)
      let message: JSONRPCMessage
      do { message = try JSONRPCMessage(parsing: frame) } catch { throw .badAnswer("\(error)") }
      if case .notification(let name) = message.kind, let params = message.params {
        return .notification(method: name, params)
      }
      if let result = try result(of: message) { return .answer(try Self.answer(result)) }
    }
  }

  /// Whether a notification can be had without waiting.
  package var hasFrames: Bool { !frames.isEmpty }

  /// Sends a request and blocks until its result is there, at most for `limit`.
  private func request(
    _ method: String, limit: Duration? = nil, onWait: WaitObserver? = nil, params: (inout JSONWriter) -> Void
  ) throws(ClientError) -> JSONSlice {
    let start = MonotonicTime.now
    let deadline = limit.map { start + $0 }
    try send(request: method, until: deadline, params: params)
    while true {
      let frame = try nextFrame(start: start, deadline: deadline, onWait: onWait)
      let message: JSONRPCMessage
      do { message = try JSONRPCMessage(parsing: frame) } catch { throw .badAnswer("\(error)") }
      if let result = try result(of: message) { return result }
    }
  }

  private func send(
    request method: String, until deadline: MonotonicTime?, params: (inout JSONWriter) -> Void
  ) throws(ClientError) {
    lastID += 1
    // Not JSONRPCWriter.request: its closure would have to escape.
    var writer = JSONWriter(oneLine: true)
    writer.beginObject()
    writer.member("jsonrpc", "2.0")
    writer.member("id", RequestID.int(lastID))
    writer.member("method", method)
    writer.key("params")
    params(&writer)
    writer.endObject()
    try send(writer.finish(), until: deadline)
  }

  /// The result of the last request; nil for what was not asked for.
  private func result(of message: JSONRPCMessage) throws(ClientError) -> JSONSlice? {
    let id = RequestID.int(lastID)
    switch message.kind {
    case .response(id): return message.result
    case .errorResponse(id), .errorResponse(nil):
      throw .refused(code: message.errorCode ?? 0, message: message.errorMessage ?? "no reason given")
    case .response, .errorResponse, .request, .notification: return nil
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
