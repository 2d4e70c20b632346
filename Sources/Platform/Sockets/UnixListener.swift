/// Accepts connections of peers that its rule lets in, on the loop. Loop-confined; stops when it is closed or released.
package final class UnixListener {
  private var listener: SocketListener?
  private let rule: PeerRule
  private let onConnection: (consuming OwnedDescriptor, PeerCredentials) -> Void
  /// Called with the reason when a connection had to be refused or lost (untrusted peer, no descriptors left).
  package var onRefusal: ((String) -> Void)?

  /// Listens on `socket`, which this listener owns from now on.
  package init(
    loop: EventLoop, socket: consuming OwnedDescriptor, rule: PeerRule = .own,
    onConnection: @escaping (consuming OwnedDescriptor, PeerCredentials) -> Void
  ) throws(SystemError) {
    self.rule = rule
    self.onConnection = onConnection
    listener = try SocketListener(loop: loop, socket: socket) { [weak self] connection in self?.accept(connection) }
    listener?.onRefusal = { [weak self] reason in self?.onRefusal?(reason) }
  }

  deinit { close() }

  private func accept(_ connection: consuming OwnedDescriptor) {
    guard let peer = try? PeerCredentials(of: connection) else { return }
    guard rule.accepts(peer) else {
      onRefusal?("refused a connection of uid \(peer.uid) (pid \(peer.pid))")
      return
    }
    onConnection(connection, peer)
  }

  /// Stops accepting and gives the socket away, still listening; the caller owns the descriptor. Nil when it is closed.
  package func release() -> Int32? { listener?.release() }

  /// Stops accepting. The file in the file system stays. Idempotent.
  package func close() { listener?.close() }
}
