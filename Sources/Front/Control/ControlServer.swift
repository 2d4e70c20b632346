import Configuration
import Platform
import Protocol
import Transport

/// The control socket: accepts sessions and hands on their requests. Loop-confined; owned by the front.
///
/// A session says `hello` first. What is no frame, or no message, ends the session that sent it and nothing else.
final class ControlServer {
  /// Sessions at the same time; one more is closed at once. A command is one session for a moment.
  static let mostSessions = 256
  /// A session that has not said `hello` by then is closed.
  static let helloPatience = Duration.seconds(10)

  private let loop: EventLoop
  private var listener: UnixListener?
  private(set) var sessions: Set<ControlSession> = []

  /// A request of a session that has said `hello`.
  var onRequest: ((ControlSession, RequestID, String, JSONSlice?) -> Void)?
  /// A bridge says `hello`; the failure when it cannot have what it wants.
  var onBridge: ((ControlSession) -> OperationFailure?)?
  /// The session is gone; its operations are to be cancelled.
  var onEnd: ((ControlSession) -> Void)?
  /// Something was refused, in a sentence for the log.
  var onRefusal: ((String) -> Void)?
  /// The result of `hello`.
  var identity: (ControlSession, inout JSONWriter) -> Void = { $1.writeEmptyObject() }

  /// Serves `socket`, a listening Unix socket, for those whom `rule` lets in.
  init(loop: EventLoop, socket: consuming OwnedDescriptor, rule: PeerRule) throws(SystemError) {
    self.loop = loop
    listener = try UnixListener(loop: loop, socket: socket, rule: rule) { [weak self] connection, _ in
      self?.accept(connection)
    }
    listener?.onRefusal = { [weak self] reason in self?.onRefusal?(reason) }
  }

  private func accept(_ socket: consuming OwnedDescriptor) {
    guard sessions.count < Self.mostSessions else {
      onRefusal?("more than \(Self.mostSessions) sessions on the control socket")
      return
    }
    guard let connection = try? FrameConnection(loop: loop, socket: socket) else { return }
    let session = ControlSession(connection)
    sessions.insert(session)
    connection.onMessage = { [weak self, unowned session] payload in self?.receive(payload, session) }
    connection.onEnd = { [weak self, unowned session] _ in self?.end(session) }
    loop.schedule(after: Self.helloPatience) { [weak self, weak session] in
      guard let session, !session.hasSaidHello else { return }
      session.connection.close()
      self?.end(session)
    }
    do { try connection.start() } catch { end(session) }
  }

  private func receive(_ payload: [UInt8], _ session: ControlSession) {
    if let takeOver = session.onPayload { return takeOver(payload) }
    let message: JSONRPCMessage
    do {
      message = try JSONRPCMessage(parsing: payload)
    } catch {
      session.refuse(error.id, code: error.code, "\(error)")
      onRefusal?("a message of pid \(session.pid) on the control socket is invalid: \(error)")
      return close(session)
    }
    guard case .request(let id, let method) = message.kind else { return }
    if method == "hello" {
      hello(session, id, message.params)
    } else if session.hasSaidHello {
      onRequest?(session, id, method, message.params)
    } else {
      session.refuse(id, code: MCPErrorCode.invalidRequest, "the first request of a session is hello")
    }
  }

  private func hello(_ session: ControlSession, _ id: RequestID, _ params: JSONSlice?) {
    session.hasSaidHello = true
    session.kind = String((params?.member("kind")?.string ?? "unknown").prefix(64))
    session.name = (params?.member("name")?.string).map { String($0.prefix(256)) }
    session.client = params?.member("client")?.string.flatMap { $0.utf8.count <= 64 ? $0 : nil }
    session.scope = ScopeName(params)
    session.directServer = params?.member("direct")?.string
    session.isReturning = params?.member("returns")?.bool ?? false
    session.exposure = params?.member("exposure")?.string.flatMap { Exposure(rawValue: $0) }
    session.version = (params?.member("version")?.string).map { String($0.prefix(64)) }
    if session.kind == "mcp", let failure = onBridge?(session) {
      session.connection.send(
        JSONRPCWriter.error(
          id: id, code: MCPErrorCode.invalidParams, message: failure.message, data: Self.reason(of: failure)))
      return close(session)
    }
    session.connection.send(JSONRPCWriter.result(id: id) { self.identity(session, &$0) })
  }

  private static func reason(of failure: OperationFailure) -> JSONSlice {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("reason", failure.reason)
    writer.endObject()
    return JSONSlice(assembled: writer)
  }

  /// Ends a session: what is queued is written as far as its client takes it now.
  func close(_ session: ControlSession) {
    session.connection.flush()
    session.connection.close()
    end(session)
  }

  private func end(_ session: ControlSession) {
    guard sessions.remove(session) != nil else { return }
    onEnd?(session)
  }

  /// Accepts no more sessions; those that exist go on.
  func stopAccepting() {
    listener?.close()
    listener = nil
  }

  /// Accepts no more sessions and gives the listening socket away, open. Nil when it is closed already.
  func releaseSocket() -> Int32? {
    defer { listener = nil }
    return listener?.release()
  }

  /// Accepts nothing and reads nothing any more, and closes nothing: what is queued is still written, and who has got an
  /// answer is known until this process ends. What clients say meanwhile they say to nobody, and repeat to the next daemon.
  func fallSilent() {
    stopAccepting()
    for session in sessions {
      session.connection.pauseReading()
      session.connection.flush()
    }
  }

  /// Writes what is queued and closes everything.
  func close() {
    stopAccepting()
    for session in sessions {
      session.connection.flush()
      session.connection.close()
    }
    sessions = []
  }
}
