import CLinux
import Glibc

/// Accepts the connections of a listening socket on the loop, whoever makes them. Loop-confined; stops when it is closed
/// or released.
package final class SocketListener {
  private var socket: OwnedDescriptor?
  private var watch: Watch?
  private let loop: EventLoop
  private let onConnection: (consuming OwnedDescriptor) -> Void
  /// Called with the reason when a connection was lost (no descriptors left).
  package var onRefusal: ((String) -> Void)?

  /// Listens on `socket`, which this listener owns from now on.
  package init(
    loop: EventLoop, socket: consuming OwnedDescriptor, onConnection: @escaping (consuming OwnedDescriptor) -> Void
  ) throws(SystemError) {
    self.loop = loop
    self.onConnection = onConnection
    try socket.setNonBlocking()
    let number = socket.number
    self.socket = consume socket
    watch = try loop.watch(number, for: .readable) { [weak self] _ in self?.acceptAll() }
  }

  deinit { close() }

  private func acceptAll() {
    while let listener = socket?.number {
      let number = wp_accept(listener)
      if number < 0 {
        switch errno {
        case EINTR, ECONNABORTED: continue
        case EAGAIN: return
        default:
          // EMFILE and ENFILE would be reported again at once: rest a moment instead of spinning.
          onRefusal?("\(SystemError("accept4"))")
          watch?.update([])
          loop.schedule(after: .milliseconds(100)) { [weak self] in self?.watch?.update(.readable) }
          return
        }
      }
      onConnection(OwnedDescriptor(owning: number))
    }
  }

  /// Stops accepting and gives the socket away, still listening; the caller owns the descriptor. Nil when it is closed.
  package func release() -> Int32? {
    watch?.cancel()
    watch = nil
    return socket.take()?.release()
  }

  /// Stops accepting. Idempotent.
  package func close() {
    watch?.cancel()
    watch = nil
    socket = nil
  }
}
