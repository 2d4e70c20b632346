import CCurl
import Platform

/// libcurl's multi handle inside the event loop: its sockets are watches, its timer is one of the loop's.
/// Loop-confined.
///
/// libcurl forbids most calls from within its callbacks. Callers keep to it by making them in turns that the loop gives
/// (`HTTPCore.wantTurn`); only `remove` and `close` may come at any time and are put off by this class.
final class CurlEngine {
  private let loop: EventLoop
  /// Nil after `close`.
  private var multi: UnsafeMutableRawPointer?
  private var watches: [Int32: Watch] = [:]
  private var timer: Timer?
  /// By easy handle. An exchange lives at least as long as its handle, which calls it without a reference.
  private var transfers: [UnsafeMutableRawPointer: HTTPTransfer] = [:]
  private var removed: [CurlEasy] = []
  /// Every connection's socket, and whether it speaks HTTP/2.
  private var sockets: [Int32: Bool] = [:]
  /// Depth of calls into libcurl that may call back.
  private var depth = 0
  private var isClosed = false

  init(loop: EventLoop, mostIdleConnections: Int) throws(HTTPFailure) {
    self.loop = loop
    try CurlLibrary.load()
    multi = wp_curl_multi_init(Unmanaged.passUnretained(self).toOpaque(), curlWatchesSocket, curlSetsTimer)
    guard let multi else { throw CurlLibrary.outOfMemory }
    _ = wp_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, mostIdleConnections)
    _ = wp_curl_multi_set_long(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX)
  }

  /// The context of sockets' callbacks; valid until the multi handle is gone.
  var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  /// Begins to run `easy` for `transfer`; its callbacks come later. False when libcurl refuses.
  func add(_ easy: CurlEasy, for transfer: HTTPTransfer) -> Bool {
    guard let multi, transfers[easy.handle] == nil else { return false }
    transfers[easy.handle] = transfer
    if entered({ wp_curl_multi_add(multi, easy.handle) }) == CURLM_OK { return true }
    transfers[easy.handle] = nil
    return false
  }

  /// Ends `easy`, whatever state it is in.
  func remove(_ easy: CurlEasy) {
    if depth > 0 {
      removed.append(easy)
      if removed.count == 1 { loop.atEndOfTurn { self.removeLate() } }
      return
    }
    guard let multi else { return }
    _ = entered { wp_curl_multi_remove(multi, easy.handle) }
    // The exchange goes after the handle's last callback.
    let transfer = transfers.removeValue(forKey: easy.handle)
    easy.free()
    withExtendedLifetime(transfer) {}
  }

  private func removeLate() {
    let late = removed
    removed = []
    for easy in late { remove(easy) }
    if isClosed { close() }
  }

  /// Lets a handle go on whose body callback held it. False when that fails.
  func resume(_ easy: CurlEasy) -> Bool {
    guard multi != nil else { return false }
    return entered { wp_curl_pause(easy.handle, CURLPAUSE_CONT) } == CURLE_OK
  }

  /// Frees everything. Handles that were not removed are ended without a word.
  func close() {
    isClosed = true
    if depth > 0 {
      if removed.isEmpty { loop.atEndOfTurn { self.close() } }
      return
    }
    guard let multi else { return }
    for easy in removed { remove(easy) }
    removed = []
    entered { wp_curl_multi_cleanup(multi) }
    self.multi = nil
    timer?.cancel()
    timer = nil
    for watch in watches.values { watch.cancel() }
    watches = [:]
  }

  // MARK: Events

  private func entered<T>(_ call: () -> T) -> T {
    depth += 1
    defer { depth -= 1 }
    return call()
  }

  private func act(_ socket: Int32, _ events: Int32) {
    guard let multi, !isClosed else { return }
    _ = entered { wp_curl_multi_action(multi, socket, events) }
    while let multi = self.multi, !isClosed {
      var code = CURLE_OK
      guard let handle = wp_curl_multi_next_done(multi, &code) else { return }
      transfers[handle]?.completed(code)
    }
  }

  /// libcurl's wishes for a socket.
  func watch(_ socket: Int32, _ wish: Int32) {
    let interest: Readiness =
      switch wish {
      case CURL_POLL_IN: .readable
      case CURL_POLL_OUT: .writable
      case CURL_POLL_INOUT: [.readable, .writable]
      default: []
      }
    // A watch without interest would still report a broken connection, again and again.
    if interest.isEmpty { return unwatch(socket) }
    if let watch = watches[socket] { return watch.update(interest) }
    watches[socket] = try? loop.watch(socket, for: interest) { [unowned self] readiness in
      var events: Int32 = 0
      if !readiness.isDisjoint(with: [.readable, .peerClosed, .hangUp]) { events |= CURL_CSELECT_IN }
      if readiness.contains(.writable) { events |= CURL_CSELECT_OUT }
      if readiness.contains(.failure) { events |= CURL_CSELECT_ERR }
      act(socket, events)
    }
  }

  private func unwatch(_ socket: Int32) { watches.removeValue(forKey: socket)?.cancel() }

  // MARK: Sockets

  func opened(_ socket: Int32) { sockets[socket] = false }

  /// To be called before the socket is closed: the watch must not outlive the descriptor, whose number may come back at
  /// once.
  func closes(_ socket: Int32) {
    sockets[socket] = nil
    unwatch(socket)
  }

  /// The socket whose own port is `port`; nil when it is not one of ours.
  func socket(port: Int) -> Int32? { sockets.keys.first { SocketProbe.localPort(of: $0) == port } }

  func speaksHTTP2(_ socket: Int32) { if sockets[socket] != nil { sockets[socket] = true } }

  /// Whether a connection that waited for its next request can carry that of `transfer`. libcurl looks as well, but takes
  /// the peer's farewell in TLS (close_notify) for a sign of life. Over HTTP/2 bytes may wait at any time; there it reads
  /// them. A connection that carries another request, too, speaks HTTP/2, although no answer has said so yet.
  func isUsable(_ socket: Int32, by transfer: HTTPTransfer) -> Bool {
    sockets[socket] == true || transfers.values.contains { $0 !== transfer && $0.socket == socket }
      || SocketProbe.isQuiet(socket)
  }

  /// libcurl's only timer; negative: none.
  func setTimer(milliseconds: Int) {
    timer?.cancel()
    timer = nil
    if milliseconds < 0 { return }
    timer = loop.schedule(after: .milliseconds(milliseconds)) { [unowned self] in
      timer = nil
      act(CURL_SOCKET_TIMEOUT, 0)
    }
  }
}
