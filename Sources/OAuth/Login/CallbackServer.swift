import Glibc
package import Platform

/// Listens at the redirect URI of one login until its answer has come, and is gone then. Loop-confined.
package final class CallbackServer {
  /// Connections at once; of further ones the oldest goes. A browser needs one, and a few that it opens ahead.
  private static let mostConnections = 16
  /// For a connection from its first byte to its last.
  private static let connectionTime = Duration.seconds(10)
  /// For the browser to take the last answer.
  private static let farewellTime = Duration.seconds(2)

  private let loop: EventLoop
  private var wait: LoginWait
  private let onOutcome: (LoginWait.Outcome) -> Void
  private var listeners: [SocketListener] = []
  /// Oldest first.
  private var connections: [Connection] = []
  private var isOver = false

  private final class Connection {
    let channel: ByteChannel
    var head: [UInt8] = []
    var isAnswered = false
    var timer: Timer?

    init(_ channel: ByteChannel) { self.channel = channel }
  }

  /// Binds at once. `onOutcome` is called once, when the answer has come and the browser has its page, unless the server
  /// was closed before.
  package init(
    loop: EventLoop, target: CallbackTarget, wait: LoginWait, onOutcome: @escaping (LoginWait.Outcome) -> Void
  ) throws(SystemError) {
    self.loop = loop
    self.wait = wait
    self.onOutcome = onOutcome
    try listen(.v4, target.port)
    guard target.servesBothFamilies else { return }
    do {
      try listen(.v6, target.port)
    } catch {
      // A machine without IPv6 has no browser that would use it.
      guard [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.code) else { throw error }
    }
  }

  deinit { close() }

  private func listen(_ family: LoopbackSocket.Family, _ port: UInt16) throws(SystemError) {
    let socket = try LoopbackSocket.listen(family, port: port)
    listeners.append(
      try SocketListener(loop: loop, socket: socket) { [weak self] connection in self?.accept(connection) })
  }

  private func accept(_ socket: consuming OwnedDescriptor) {
    if connections.count == Self.mostConnections { drop(connections[0]) }
    let connection = Connection(ByteChannel(loop: loop, socket: socket))
    connections.append(connection)
    connection.channel.onBytes = { [weak self, weak connection] bytes in
      guard let self, let connection else { return }
      receive(bytes, on: connection)
    }
    connection.channel.onEnd = { [weak self, weak connection] _ in
      guard let self, let connection else { return }
      drop(connection)
    }
    connection.timer = loop.schedule(after: Self.connectionTime) { [weak self, weak connection] in
      guard let self, let connection else { return }
      drop(connection)
    }
    do { try connection.channel.start() } catch { drop(connection) }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer, on connection: Connection) {
    guard !connection.isAnswered else { return }
    connection.head.append(contentsOf: bytes.prefix(CallbackRequest.longestHead + 1 - connection.head.count))
    let reply: LoginWait.Reply
    switch CallbackRequest.read(connection.head) {
    case .incomplete: return
    case .invalid: reply = LoginWait.refusal
    case .request(let request): reply = wait.reply(to: request)
    }
    connection.isAnswered = true
    connection.head = []
    connection.channel.write(reply.bytes)
    connection.channel.closeWriting()
    if wait.outcome != nil, !isOver { finish(connection) }
  }

  /// The answer has come over `last`: nobody else is served, and the browser gets its page.
  private func finish(_ last: Connection) {
    isOver = true
    for listener in listeners { listener.close() }
    for connection in connections where connection !== last { drop(connection) }
    last.timer?.cancel()
    last.timer = loop.schedule(after: Self.farewellTime) { [weak self, weak last] in
      guard let self, let last else { return }
      drop(last)
    }
  }

  private func drop(_ connection: Connection) {
    guard let index = connections.firstIndex(where: { $0 === connection }) else { return }
    connections.remove(at: index)
    connection.timer?.cancel()
    connection.channel.close()
    guard isOver, connections.isEmpty, let outcome = wait.outcome else { return }
    // Once: there is no connection any more that could end.
    onOutcome(outcome)
  }

  /// Listens and answers no longer. Idempotent.
  package func close() {
    for listener in listeners { listener.close() }
    listeners = []
    let open = connections
    connections = []
    for connection in open {
      connection.timer?.cancel()
      connection.channel.close()
    }
  }
}
