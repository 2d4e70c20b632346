import Platform
import Protocol

/// One connection of the bridge to a daemon. Loop-confined.
final class BridgeLink {
  private let channel: ByteChannel
  private var decoder = FrameDecoder()
  /// Bytes queued since the start, frame headers included.
  private(set) var queuedTotal = 0

  var onFrame: (([UInt8]) -> Void)?
  /// Called once when the daemon is gone; not after `close()`.
  var onEnd: (() -> Void)?
  /// Everything queued was written.
  var onDrained: (() -> Void)?

  init(loop: EventLoop, socket: consuming OwnedDescriptor) { channel = ByteChannel(loop: loop, socket: socket) }

  func start() throws(SystemError) {
    channel.onBytes = { [weak self] in self?.receive($0) }
    channel.onEnd = { [weak self] _ in self?.end() }
    channel.onDrained = { [weak self] in self?.onDrained?() }
    try channel.start()
  }

  func send(_ payload: [UInt8]) {
    channel.write { Frame.append(payload, to: &$0) }
    queuedTotal += payload.count + Frame.headerLength
  }

  var queuedBytes: Int { channel.queuedBytes }

  /// Bytes that the daemon may have read; also after the end.
  var writtenBytes: Int { channel.writtenBytes }

  func pauseReading() { channel.pauseReading() }

  func resumeReading() { channel.resumeReading() }

  func close() {
    onFrame = nil
    onEnd = nil
    onDrained = nil
    channel.close()
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    // A daemon that does not speak frames is none.
    do { try decoder.feed(bytes) { onFrame?($0) } } catch { end() }
  }

  private func end() {
    let handler = onEnd
    close()
    handler?()
  }
}
