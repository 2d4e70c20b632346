import Glibc
import Platform
import Protocol
import Synchronization

/// The daemon's end of a control socket, on threads of its own, with answers from a script.
final class CLIScriptedDaemon: Sendable {
  enum Answer: Sendable {
    /// `{"status": …, "body": …}` with JSON text as the body.
    case body(Int, String)
    case error(code: Int, message: String)
    /// Exactly these bytes, in place of a frame.
    case raw([UInt8])
    /// No answer, and the connection ends.
    case close
    /// No answer, and the connection stays.
    case nothing
  }

  enum Event: Sendable, Equatable {
    /// Params as JSON text.
    case request(method: String, params: String)
    /// The client has read the whole answer to a request other than `hello`.
    case read
    /// A client closed its connection.
    case closed
  }

  /// All that happens except `hello`.
  let events: AsyncStream<Event>

  private let isStopped = Atomic(false)
  private let continuation: AsyncStream<Event>.Continuation
  private let script: @Sendable (String) -> Answer
  private let pid: Int32

  /// Listens at `path` until it is stopped. `pid` is what it says in its answer to `hello`; `script` gets the method.
  static func start(
    at path: String, pid: Int32 = getpid(), script: @escaping @Sendable (String) -> Answer
  ) throws -> CLIScriptedDaemon {
    let daemon = CLIScriptedDaemon(pid: pid, script: script)
    let listener = try UnixSocket.listen(at: path).release()
    startThread { daemon.accept(listener) }
    return daemon
  }

  private init(pid: Int32, script: @escaping @Sendable (String) -> Answer) {
    (events, continuation) = AsyncStream.makeStream(of: Event.self)
    self.pid = pid
    self.script = script
  }

  func stop() { isStopped.store(true, ordering: .relaxed) }

  private func accept(_ listener: Int32) {
    while !isStopped.load(ordering: .relaxed) {
      var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 50) > 0 else { continue }
      let number = Glibc.accept(listener, nil, nil)
      if number >= 0 { startThread { self.serve(number) } }
    }
    close(listener)
  }

  private func serve(_ socket: Int32) {
    var decoder = FrameDecoder()
    var chunk = [UInt8](repeating: 0, count: 65_536)
    var isOpen = true
    while isOpen {
      let count = read(socket, &chunk, chunk.count)
      if count <= 0 { break }
      var frames: [[UInt8]] = []
      chunk[..<count].withUnsafeBytes { bytes in try? decoder.feed(bytes) { frames.append($0) } }
      for frame in frames where isOpen { isOpen = answer(frame, on: socket) }
    }
    close(socket)
    continuation.yield(.closed)
  }

  /// False when the connection is to be closed.
  private func answer(_ frame: [UInt8], on socket: Int32) -> Bool {
    guard let message = try? JSONRPCMessage(parsing: frame), case .request(let id, let method) = message.kind else {
      return false
    }
    if method == "hello" {
      let name = message.params?.member("name")?.string ?? ""
      let result = #"{"version":"0.1.0","pid":\#(pid),"config":"/x","seen":"\#(name)"}"#
      return send(JSONRPCWriter.result(id: id) { $0.splice(text: Array(result.utf8)) }, on: socket, isHello: true)
    }
    let params = message.params.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
    let answer = script(method)
    continuation.yield(.request(method: method, params: params))
    switch answer {
    case .body(let status, let body):
      return send(
        JSONRPCWriter.result(id: id) { $0.splice(text: Array(#"{"status":\#(status),"body":\#(body)}"#.utf8)) },
        on: socket)
    case .error(let code, let text):
      return send(JSONRPCWriter.error(id: id, code: code, message: text), on: socket)
    case .raw(let bytes): return sendAll(bytes, to: socket)
    case .close: return false
    case .nothing: return true
    }
  }

  private func send(_ payload: [UInt8], on socket: Int32, isHello: Bool = false) -> Bool {
    var bytes: [UInt8] = []
    Frame.append(payload, to: &bytes)
    guard sendAll(bytes, to: socket) else { return false }
    // Nothing tells that the other end has read it; SIOCOUTQ is what it has not.
    var unread: Int32 = 0
    for _ in 0..<2000 where ioctl(socket, 0x5411, &unread) == 0 && unread > 0 { usleep(1000) }
    if unread == 0, !isHello { continuation.yield(.read) }
    return true
  }
}

/// Blocking; false when the other end is gone.
func sendAll(_ bytes: [UInt8], to socket: Int32) -> Bool {
  var sent = 0
  while sent < bytes.count {
    let count = bytes[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    if count <= 0 { return false }
    sent += count
  }
  return true
}
