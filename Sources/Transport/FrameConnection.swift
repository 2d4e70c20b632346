package import Platform
import Protocol

/// A socket that carries frames both ways, in order. Loop-confined.
///
/// Backpressure: `queuedBytes` beyond `queueLimit` ends the connection, because a peer that does not read for that long
/// is stuck, and its memory must not become ours.
package final class FrameConnection {
  /// Bytes that may wait for a peer that does not read, unless told otherwise.
  package static let queueLimit = 4 * Frame.maximumLength

  /// The process at the other end.
  package let peer: PeerCredentials
  /// Called with each payload.
  package var onMessage: (([UInt8]) -> Void)?
  /// Called once with a sentence when the connection is gone; not after `close()`.
  package var onEnd: ((String) -> Void)?
  /// Called when everything that was queued has been written.
  package var onDrained: (() -> Void)?

  private let channel: ByteChannel
  private let queueLimit: Int
  private var decoder: FrameDecoder

  /// `limit`: largest payload that is accepted, in bytes. `queueLimit`: bytes that may wait to be written.
  package init(
    loop: EventLoop, socket: consuming OwnedDescriptor, limit: Int = Frame.maximumLength,
    queueLimit: Int = FrameConnection.queueLimit
  ) throws(SystemError) {
    peer = try PeerCredentials(of: socket)
    self.queueLimit = queueLimit
    channel = ByteChannel(loop: loop, socket: socket)
    decoder = FrameDecoder(limit: limit)
  }

  /// Starts to read. Set the handlers first.
  package func start() throws(SystemError) {
    channel.onBytes = { [weak self] bytes in self?.receive(bytes) }
    channel.onEnd = { [weak self] reason in self?.channelEnded(reason) }
    channel.onDrained = { [weak self] in self?.onDrained?() }
    try channel.start()
  }

  /// Bytes that wait to be written.
  package var queuedBytes: Int { channel.queuedBytes }

  /// Bytes that the kernel took since the start.
  package var writtenBytes: Int { channel.writtenBytes }

  package var isOpen: Bool { channel.isOpen }

  /// Queues one frame; all frames of a turn leave with one system call. A payload that is too large for a frame ends the
  /// connection: senders know the limit, and one peer must not end the process of all.
  package func send(_ payload: [UInt8]) {
    guard payload.count <= Frame.maximumLength else {
      return end("\(FrameError.tooLarge(length: payload.count, limit: Frame.maximumLength))")
    }
    channel.write { Frame.append(payload, to: &$0) }
    if channel.queuedBytes > queueLimit {
      end("the peer (pid \(peer.pid)) does not read: \(channel.queuedBytes) bytes wait")
    }
  }

  /// Leaves what comes to the kernel, the end of the peer included.
  package func pauseReading() { channel.pauseReading() }

  package func resumeReading() { channel.resumeReading() }

  /// Reads what has already arrived, now: the last frames of a process that has ended.
  package func drainReading() { channel.drainReading() }

  /// Writes what is queued now, as far as the kernel takes it.
  package func flush() { channel.flush() }

  /// Closes at once; no handler is called any more. Idempotent.
  package func close() {
    // Taken out before they are released: a handler may hold the last reference to an owner that closes us again.
    let handlers = (onMessage, onEnd, onDrained)
    (onMessage, onEnd, onDrained) = (nil, nil, nil)
    channel.close()
    withExtendedLifetime(handlers) {}
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    do {
      // The handler may close the connection in the middle of a chunk; then the rest is dropped.
      try decoder.feed(bytes) { payload in onMessage?(payload) }
    } catch {
      end("\(error)")
    }
  }

  private func channelEnded(_ reason: ChannelEnd) {
    switch reason {
    case .endOfFile:
      do {
        try decoder.finish()
        end("the peer closed the connection")
      } catch {
        end("the peer closed the connection: \(error)")
      }
    case .failed(let error): end("\(error)")
    }
  }

  private func end(_ reason: String) {
    let handler = onEnd
    close()
    handler?(reason)
  }
}
