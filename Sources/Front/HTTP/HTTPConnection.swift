import Glibc
import Platform

/// Our side of one connection of the library: notices that the client left, and that it takes too long.
///
/// The library misses a close in two cases. A suspended connection is deaf: its descriptor is not in the library's
/// epoll. And a short read counts as "nothing more", so a close that came together with the last bytes has no edge
/// left to be seen by. So our epoll watches the same descriptor for the close, edge-triggered and once for the
/// connection's whole life, which costs nothing per request. The descriptor stays the library's; it says when it closes
/// it, and the watch ends before that. Loop-confined.
final class HTTPConnection {
  /// Where the server keeps this connection in its list.
  var position: Int
  /// Since when the server waits for the end of a request; nil while one is being answered.
  var waitingSince: MonotonicTime? = .now
  /// The exchange that waits for its answer.
  var suspended: HTTPExchange?
  /// The exchange whose answer is a stream.
  weak var streaming: HTTPExchange?
  /// The client has closed, or shut down its writing side: the kernel cannot tell these apart.
  private(set) var isPeerGone = false
  private let socket: Int32
  private unowned let server: HTTPServer
  private var watch: Watch?

  init(server: HTTPServer, socket: Int32, position: Int) {
    self.server = server
    self.socket = socket
    self.position = position
    // Without the watch (no kernel memory) only the early notice is missing: the timeouts remain.
    watch = try? server.loop.watch(socket, for: [.peerClosed, .edgeTriggered]) { [unowned self] _ in
      // What we shut down ourselves is told, too.
      if isPeerGone { return }
      isPeerGone = true
      if let waiting = suspended ?? streaming { waiting.abandon() } else { server.letLibraryNotice(self) }
    }
  }

  /// Wakes the library's epoll, so that it reads again and meets the end. It must have read everything else before.
  /// What the client has sent stays readable.
  func nudge() {
    // Without a watch the descriptor may be closed, and somebody else's.
    if watch != nil { shutdown(socket, Int32(SHUT_RD)) }
  }

  /// Makes the library see the end of the connection; it cleans up by itself.
  func shutDown() { shutdown(socket, Int32(SHUT_RDWR)) }

  /// The library is about to close the descriptor.
  func close() {
    watch?.cancel()
    watch = nil
  }
}
