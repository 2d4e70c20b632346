import Glibc
import Platform

/// Our side of one connection of the library: notices that the client left, and that it takes too long.
///
/// A suspended connection is deaf: the library took its descriptor out of its own epoll. So ours watches the same
/// descriptor for the close, edge-triggered and once for the connection's whole life, which costs nothing per request.
/// The descriptor stays the library's; it says when it closes it, and the watch ends before that. Loop-confined.
final class HTTPConnection {
  let socket: Int32
  /// Where the server keeps this connection in its list.
  var position: Int
  /// Since when the server waits for the end of a request; nil while one is being answered.
  var waitingSince: MonotonicTime? = .now
  /// The exchange that waits for its answer.
  var suspended: HTTPExchange?
  private(set) var isPeerGone = false
  private var watch: Watch?

  init(socket: Int32, position: Int) {
    self.socket = socket
    self.position = position
  }

  /// Watches for the client's close from now on; also reports one that was earlier. A half-close counts as a close:
  /// the kernel cannot tell a client that only shut down its writing side from one that left.
  func watchForClose(on loop: EventLoop) {
    guard watch == nil, socket >= 0 else { return }
    // Without the watch (no kernel memory) only the early notice is missing; the answer is written into the void.
    watch = try? loop.watch(socket, for: [.peerClosed, .edgeTriggered]) { [unowned self] _ in
      isPeerGone = true
      suspended?.abandon()
    }
  }

  /// Makes the library see the end of the connection; it cleans up by itself.
  func shutDown() { Glibc.shutdown(socket, Int32(SHUT_RDWR)) }

  /// The library is about to close the descriptor.
  func close() {
    watch?.cancel()
    watch = nil
  }
}
