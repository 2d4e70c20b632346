import CMicroHTTPD
import Glibc
package import Platform

/// An HTTP/1.1 server on the event loop: libmicrohttpd without threads of its own, run by ours. Loop-confined.
///
/// The library's epoll descriptor is watched; when it fires, and at the end of each turn in which a connection was
/// resumed, `MHD_run` is called until the library has nothing left to do at once (a single call stalls).
/// The server keeps itself alive until it is stopped.
package final class HTTPServer {
  private enum State {
    case running(OpaquePointer)
    /// Accepts nothing more and waits for open exchanges.
    case draining(OpaquePointer, deadline: Timer, onStopped: () -> Void)
    case stopped
  }

  /// Connections are looked through for slow requests so many times in the time that a request may take; not more
  /// often, because each time wakes an idle process.
  private static let sweepsPerRequestTime = 8
  /// Rounds of the library in one turn, so that pipelined requests cannot keep the loop from its other work.
  private static let mostRounds = 32

  /// The port it listens on.
  package let port: Int
  package let limits: HTTPLimits
  /// Requests that were begun and not yet answered completely.
  package private(set) var exchangeCount = 0
  /// Called with true when a request begins and with false when it was answered completely.
  package var onExchange: ((Bool) -> Void)?
  package var connectionCount: Int { connections.count }

  let loop: EventLoop
  let handler: (HTTPExchange) -> Void
  private var state: State = .stopped
  private var connections: [HTTPConnection] = []
  private var watch: Watch?
  private var isPumping = false
  private var isPumpScheduled = false
  /// A connection was resumed or closed since the library ran.
  private var needsAnotherRound = false
  private var libraryTimer: (timer: Timer, deadline: MonotonicTime)?
  private var sweepTimer: Timer?

  /// Listens on `address` (an IP address) and `port` (0 = any free one); on the socket `inherited`, which listens already,
  /// if that is one of this place, else it is closed. `handler` gets every complete request on the loop; see `HTTPExchange`.
  package convenience init(
    loop: EventLoop, address: String, port: Int, inherited: Int32? = nil, limits: HTTPLimits = HTTPLimits(),
    handler: @escaping (HTTPExchange) -> Void
  ) throws(HTTPServerError) {
    if let inherited, let listener = HTTPListener(inheriting: inherited, address: address, port: port) {
      try self.init(loop: loop, listener: listener, limits: limits, handler: handler)
    } else {
      try self.init(
        loop: loop, listener: HTTPListener(address: address, port: port), limits: limits, handler: handler)
    }
  }

  /// Serves a socket that listens already.
  package init(
    loop: EventLoop, listener: consuming HTTPListener, limits: HTTPLimits = HTTPLimits(),
    handler: @escaping (HTTPExchange) -> Void
  ) throws(HTTPServerError) {
    self.loop = loop
    self.limits = limits
    self.handler = handler
    port = listener.port
    let stall = UInt32(clamping: max(1, limits.stall.components.seconds))
    let itself = Unmanaged.passRetained(self)
    let socket = listener.releaseSocket()
    guard
      let daemon = wp_http_start(
        socket, UInt32(clamping: limits.connections), limits.headBytes, stall, httpRequestAdvanced,
        httpRequestCompleted, httpConnectionChanged, httpTargetRead, httpUnescape, itself.toOpaque())
    else {
      close(socket)
      itself.release()
      throw .library
    }
    do throws(SystemError) {
      watch = try loop.watch(wp_http_epoll(daemon), for: .readable) { [unowned self] _ in pump() }
    } catch {
      MHD_stop_daemon(daemon)
      itself.release()
      throw .system(error)
    }
    state = .running(daemon)
    pump()
  }

  /// Whether connections are closed after their current answer.
  var isStopping: Bool {
    if case .running = state { false } else { true }
  }

  // MARK: Running the library

  /// Runs the library until it has nothing to do at once, and arms a timer for what it has to do later.
  private func pump() {
    isPumpScheduled = false
    guard let daemon, !isPumping else { return }
    isPumping = true
    var wait: UInt64 = 0
    var hasTimeout = false
    var rounds = 0
    repeat {
      needsAnotherRound = false
      MHD_run(daemon)
      hasTimeout = MHD_get_timeout(daemon, &wait) == .YES
      rounds += 1
    } while (needsAnotherRound || (hasTimeout && wait == 0)) && rounds < Self.mostRounds
    isPumping = false
    if needsAnotherRound { wait = 0 }
    if needsAnotherRound || hasTimeout { armTimer(after: .milliseconds(Int64(clamping: wait))) }
    finishDraining()
  }

  private var daemon: OpaquePointer? {
    switch state {
    case .running(let daemon), .draining(let daemon, _, _): daemon
    case .stopped: nil
    }
  }

  /// A timer that is early enough already stays: timeouts move with every request, and a call too many is cheap.
  private func armTimer(after delay: Duration) {
    let deadline = MonotonicTime.now + delay
    if let libraryTimer, libraryTimer.deadline <= deadline { return }
    libraryTimer?.timer.cancel()
    let timer = loop.schedule(at: deadline) { [unowned self] in
      libraryTimer = nil
      pump()
    }
    libraryTimer = (timer, deadline)
  }

  /// A connection was resumed: the library must run in this turn.
  func noteResume() {
    needsAnotherRound = true
    guard !isPumping, !isPumpScheduled else { return }
    isPumpScheduled = true
    loop.atEndOfTurn { self.pump() }
  }

  /// The client of `connection` has closed, which the library has perhaps not seen.
  func letLibraryNotice(_ connection: HTTPConnection) {
    loop.atEndOfTurn { [self] in
      pump()
      connection.nudge()
    }
  }

  // MARK: What the library reports

  func connectionOpened(socket: Int32) -> HTTPConnection {
    let connection = HTTPConnection(server: self, socket: socket, position: connections.count)
    connections.append(connection)
    if sweepTimer == nil { scheduleSweep() }
    return connection
  }

  func connectionClosed(_ connection: HTTPConnection) {
    connection.close()
    // The library listens again, after it was at its limit, only when it runs once more.
    needsAnotherRound = true
    let last = connections.removeLast()
    if last !== connection {
      last.position = connection.position
      connections[connection.position] = last
    }
  }

  func exchangeBegan() {
    exchangeCount += 1
    onExchange?(true)
  }

  func exchangeEnded() {
    exchangeCount -= 1
    onExchange?(false)
  }

  /// Ends connections whose request does not come to its end.
  private func scheduleSweep() {
    sweepTimer = loop.schedule(after: limits.requestTime / Self.sweepsPerRequestTime) { [unowned self] in
      sweepTimer = nil
      if connections.isEmpty { return }
      let now = MonotonicTime.now
      for connection in connections {
        if let since = connection.waitingSince, since + limits.requestTime < now { connection.shutDown() }
      }
      scheduleSweep()
    }
  }

  // MARK: Stopping

  /// Accepts nothing more, lets open exchanges be answered for at most `grace`, then closes everything and calls
  /// `onStopped`. Exchanges that are left see a disconnect. Idempotent; only the first `onStopped` is called.
  package func stop(grace: Duration = .seconds(2), _ onStopped: @escaping () -> Void = {}) {
    if let socket = stopAccepting(grace: grace, onStopped) { close(socket) }
  }

  /// As `stop`, and gives the listening socket away, open; the caller owns it. Nil when it was stopped before.
  func stopAccepting(grace: Duration, _ onStopped: @escaping () -> Void) -> Int32? {
    guard case .running(let daemon) = state else { return nil }
    // The socket is ours again after this call.
    let socket = MHD_quiesce_daemon(daemon)
    let deadline = loop.schedule(after: grace) { [unowned self] in finishStop() }
    state = .draining(daemon, deadline: deadline, onStopped: onStopped)
    loop.atEndOfTurn { self.finishDraining() }
    return socket
  }

  private func finishDraining() {
    if case .draining = state, exchangeCount == 0 { finishStop() }
  }

  private func finishStop() {
    guard case .draining(let daemon, let deadline, let onStopped) = state else { return }
    deadline.cancel()
    libraryTimer?.timer.cancel()
    sweepTimer?.cancel()
    watch?.cancel()
    watch = nil
    // The library ends the process when it is stopped with suspended connections.
    for connection in connections { connection.suspended?.abandon() }
    state = .stopped
    MHD_stop_daemon(daemon)
    onStopped()
    Unmanaged.passUnretained(self).release()
  }
}
