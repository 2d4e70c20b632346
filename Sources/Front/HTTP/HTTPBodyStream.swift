import CMicroHTTPD
import Platform
import Supervisor

/// The body of an answer whose end is not known when it begins: server-sent events. Loop-confined.
///
/// Bytes are written at any time and leave at the end of the turn, in chunks (RFC 9112 §7.1), as fast as the client
/// reads. A quiet stream costs nothing: its connection is suspended in the library, which exempts it from the library's
/// timeouts; its client's leaving is seen by our own watch. A client that does not read is cut off when more than
/// `limit` bytes wait for it, or when none of them moved for `HTTPLimits.stall`.
package final class HTTPBodyStream {
  /// Bytes that may wait before another write ends the stream. A single message may be longer. More than `MCPSession` lets
  /// wait before it leaves out what a client can do without.
  package static let usualLimit = 2 << 20

  /// Memory of this length is kept for the next message.
  private static let smallBytes = 4096

  private enum State {
    case open
    /// Complete: what waits is still sent.
    case ended
    /// The client left, was cut off, or the server stops.
    case gone
  }

  /// Called once when the client leaves, or is cut off, before `end`; not from within `write`.
  package var onDisconnect: (() -> Void)?
  /// Bytes that the library took since the start.
  package private(set) var takenBytes = 0
  /// Bytes that the kernel took, as far as it is known: all that the library had taken when it came for more.
  package private(set) var sentBytes = 0

  private let limit: Int
  private unowned let exchange: HTTPExchange
  private var state = State.open
  private var buffer: [UInt8] = []
  /// Where the bytes begin that the library has not taken.
  private var start = 0
  /// The library waits for a word of ours.
  private(set) var isSuspended = false

  init(_ exchange: HTTPExchange, limit: Int) {
    self.exchange = exchange
    self.limit = limit
  }

  /// Bytes that the library has not taken yet.
  package var waitingBytes: Int { buffer.count - start }

  /// All bytes written so far.
  package var writtenBytes: Int { takenBytes + waitingBytes }

  /// Whether bytes can still be written.
  package var isOpen: Bool { state == .open }

  /// Queues bytes. False when nobody gets them: the client has gone, or is cut off for not having read the earlier ones.
  @discardableResult
  package func write(_ bytes: [UInt8]) -> Bool { write([bytes]) }

  /// Queues several pieces as if they were one. False as above.
  @discardableResult
  package func write(_ pieces: [[UInt8]]) -> Bool {
    guard state == .open else { return false }
    if waitingBytes > limit {
      disconnect(later: true)
      return false
    }
    if start > 0, start >= waitingBytes {
      buffer.removeFirst(start)
      start = 0
    }
    let count = pieces.reduce(0) { $0 + $1.count }
    // Once for a large message; many small ones grow by doubling.
    if count > Self.smallBytes { buffer.reserveCapacity(buffer.count + count) }
    for piece in pieces { buffer.append(contentsOf: piece) }
    wake()
    return true
  }

  /// The body is complete: what waits is sent, then the answer ends. Idempotent.
  package func end() {
    guard state == .open else { return }
    state = .ended
    onDisconnect = nil
    wake()
  }

  /// Closes the connection without an end of the body, so that the client sees that something is missing. `onDisconnect`
  /// is not called.
  package func cutOff() {
    onDisconnect = nil
    disconnect(later: false)
  }

  private func wake() {
    guard isSuspended else { return }
    isSuspended = false
    exchange.resumeStream()
  }

  private func disconnect(later: Bool) {
    guard state != .gone else { return }
    let isEarly = state == .open
    state = .gone
    dropBuffer()
    // The library meets the end when it writes the next time. An error of the reader would do as well, but after one the
    // library (0.9.75, epoll) forgets to close the socket of a connection that was suspended.
    exchange.shutDownConnection()
    wake()
    let action = onDisconnect
    onDisconnect = nil
    guard isEarly, let action else { return }
    if later { exchange.atEndOfTurn(action) } else { action() }
  }

  // MARK: Called by the exchange and the library

  /// The client left, or the server stops. An ended stream goes on: the client may read the rest.
  func abandon() { if state == .open { disconnect(later: false) } }

  /// The library has forgotten the request.
  func finish() {
    isSuspended = false
    let action = state == .open ? onDisconnect : nil
    state = .gone
    dropBuffer()
    onDisconnect = nil
    action?()
  }

  /// Fills the library's buffer; suspends the connection when there is nothing to be sent.
  func read(into target: UnsafeMutableRawBufferPointer) -> Int {
    if state == .gone { return Self.complete }
    sentBytes = takenBytes
    let count = min(waitingBytes, target.count)
    if count > 0 {
      buffer.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
      start += count
      takenBytes += count
      if start == buffer.count {
        // The memory of a large message is given back; that of small ones serves the next.
        if buffer.capacity > Self.smallBytes { dropBuffer() } else { buffer.removeAll(keepingCapacity: true) }
        start = 0
      }
      return count
    }
    if state == .ended { return Self.complete }
    isSuspended = true
    exchange.suspendStream()
    return 0
  }

  private func dropBuffer() {
    if buffer.capacity > Self.smallBytes { FreedMemory.note(buffer.capacity) }
    buffer = []
    start = 0
  }

  /// MHD_CONTENT_READER_END_OF_STREAM, which is a cast in a macro.
  private static let complete = -1
}

extension HTTPBodyStream: DeliveryReceipt {
  package func hasDelivered(_ mark: Int) -> Bool { state == .gone || takenBytes >= mark }
}

/// The library's reader of a streamed body; `cls` is the stream, which the response retains.
func httpBodyRead(
  _ cls: UnsafeMutableRawPointer?, _ position: UInt64, _ buffer: UnsafeMutablePointer<CChar>?, _ count: Int
) -> Int {
  Unmanaged<HTTPBodyStream>.fromOpaque(cls!).takeUnretainedValue()
    .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: count))
}
