import CLinux
import Glibc

/// Bytes in and bytes out of one socket, or of a pair of pipe ends, on the loop. Loop-confined.
///
/// Reading hands on what the kernel has, in a buffer that is valid during the call only. Writing appends to one queue
/// that is written at the end of the loop's turn, so that many messages of one turn cost one system call; what the
/// kernel does not take waits for the descriptor to become writable. The queue has no limit of its own: the owner
/// looks at `queuedBytes` and decides.
package final class ByteChannel {
  /// Above this capacity an empty queue gives its memory back, in bytes.
  private static let keptCapacity = 256 * 1024

  private let loop: EventLoop
  private var reading: OwnedDescriptor?
  private var writing: OwnedDescriptor?
  private let isSocket: Bool
  private var readWatch: Watch?
  private var writeWatch: Watch?
  private var isStarted = false
  private var isPaused = false
  private var wantsWritable = false

  private var queue: [UInt8] = []
  private var queueStart = 0
  /// Bytes that the kernel took since the start; they may have reached the peer. The others have not.
  package private(set) var writtenBytes = 0
  private var isFlushScheduled = false
  private var closesWritingWhenEmpty = false
  /// The error after which a socket takes no more bytes; it ends the channel once everything that arrived is delivered.
  private var writeError: SystemError?

  /// Called with bytes that were read; the buffer is the loop's and valid during the call only.
  package var onBytes: ((UnsafeRawBufferPointer) -> Void)?
  /// Called once when the peer is gone or a call failed; not called after `close()`.
  package var onEnd: ((ChannelEnd) -> Void)?
  /// Called when the peer of a pair of pipes does not read any more; reading goes on.
  package var onWritingBroken: (() -> Void)?
  /// Called each time the queue became empty after it was not.
  package var onDrained: (() -> Void)?

  /// A connected stream socket, which this channel owns from now on.
  package init(loop: EventLoop, socket: consuming OwnedDescriptor) {
    self.loop = loop
    reading = consume socket
    isSocket = true
  }

  /// A pair of descriptors, for example of a child's pipes. Either may be nil.
  package init(loop: EventLoop, reading: consuming OwnedDescriptor?, writing: consuming OwnedDescriptor?) {
    self.loop = loop
    self.reading = reading
    self.writing = writing
    isSocket = false
  }

  deinit { close() }

  /// Starts to read and to write. Set the handlers first.
  package func start() throws(SystemError) {
    if let number = reading?.number {
      if wp_set_nonblocking(number) < 0 { throw SystemError("fcntl") }
    }
    if let number = writing?.number {
      if wp_set_nonblocking(number) < 0 { throw SystemError("fcntl") }
    }
    if reading != nil { try watchReading() }
    isStarted = true
    if queuedBytes > 0 || closesWritingWhenEmpty { scheduleFlush() }
  }

  private func watchReading() throws(SystemError) {
    guard let number = reading?.number else { return }
    readWatch = try loop.watch(number, for: interest) { [weak self] in self?.handle($0) }
  }

  /// Bytes that wait to be written.
  package var queuedBytes: Int { queue.count - queueStart }

  /// False once both directions are closed.
  package var isOpen: Bool { reading != nil || writing != nil }

  // MARK: Reading

  /// Stops reading until `resumeReading()`: backpressure towards the peer.
  package func pauseReading() {
    guard !isPaused else { return }
    isPaused = true
    updateInterest()
  }

  package func resumeReading() {
    guard isPaused else { return }
    isPaused = false
    if isStarted && readWatch == nil {
      // The peer hung up during the pause: what it left is read first.
      do { try watchReading() } catch { end(.failed(error)) }
    } else {
      updateInterest()
    }
    if writeError != nil { loop.atEndOfTurn { [weak self] in self?.endAfterWriteError() } }
  }

  private func handle(_ readiness: Readiness) {
    if readiness.contains(.writable) { flush() }
    if isPaused {
      // A hang-up is reported whether asked for or not, and again and again; what the peer left in the buffers must
      // outlive the pause.
      if !readiness.isDisjoint(with: [.hangUp, .failure]) {
        readWatch?.cancel()
        readWatch = nil
      }
      return
    }
    if !readiness.isDisjoint(with: [.readable, .peerClosed, .hangUp, .failure]) { readAvailable() }
  }

  private func readAvailable() {
    // A bounded number of rounds: a flooding peer must not starve the loop. The watch is level-triggered.
    for _ in 0..<4 {
      guard let number = reading?.number, !isPaused else { return }
      let buffer = loop.readBuffer
      let count = retryingInterrupts { read(number, buffer.baseAddress, buffer.count) }
      if count > 0 {
        onBytes?(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        if count < buffer.count { return }
      } else if count == 0 {
        return end(.endOfFile)
      } else {
        if errno != EAGAIN { end(.failed(SystemError("read"))) }
        return
      }
    }
  }

  /// Reads what has already arrived, now: the last words of a process that has ended.
  package func drainReading() {
    // At most what pipes hold by far; a grandchild that goes on writing must not keep us here.
    for _ in 0..<16 where reading != nil { readAvailable() }
  }

  // MARK: Writing

  /// Queues bytes; they are written at the end of the loop's turn. Ignored when nobody can get them any more.
  package func write(_ append: (inout [UInt8]) -> Void) {
    guard isSocket ? reading != nil : writing != nil, !closesWritingWhenEmpty, writeError == nil else { return }
    // A peer that reads slowly but steadily may never empty the queue: what it took must not pile up in front.
    if queueStart > Self.keptCapacity && queueStart > queue.count / 2 {
      queue.removeSubrange(..<queueStart)
      queueStart = 0
    }
    append(&queue)
    scheduleFlush()
  }

  package func write(_ bytes: [UInt8]) { write { $0.append(contentsOf: bytes) } }

  /// Closes the writing side as soon as the queue is empty: end of file for the peer.
  package func closeWriting() {
    guard !closesWritingWhenEmpty else { return }
    closesWritingWhenEmpty = true
    scheduleFlush()
  }

  private func scheduleFlush() {
    guard !isFlushScheduled, !wantsWritable else { return }
    isFlushScheduled = true
    loop.atEndOfTurn { [weak self] in
      guard let self else { return }
      isFlushScheduled = false
      flush()
    }
  }

  /// Writes what the kernel takes, now. For the last words before `close()`. Before `start()` a pipe might block:
  /// its bytes wait until then.
  package func flush() {
    guard isStarted || isSocket else { return }
    guard writeError == nil, let number = isSocket ? reading?.number : writing?.number else { return dropQueue() }
    let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
    while queueStart < queue.count {
      let count = queue.withUnsafeBytes { bytes in
        retryingInterrupts {
          isSocket
            ? send(number, bytes.baseAddress! + queueStart, bytes.count - queueStart, flags)
            : Glibc.write(number, bytes.baseAddress! + queueStart, bytes.count - queueStart)
        }
      }
      if count > 0 {
        queueStart += count
        writtenBytes += count
      } else {
        if errno == EAGAIN { return setWantsWritable(true) }
        let error = SystemError(isSocket ? "send" : "write")
        dropQueue()
        return isSocket ? failWriting(error) : writingBroke()
      }
    }
    let hadBytes = queueStart > 0
    dropQueue()
    setWantsWritable(false)
    if closesWritingWhenEmpty { endWriting() }
    if hadBytes { onDrained?() }
  }

  private func dropQueue() {
    if queue.capacity > Self.keptCapacity {
      queue = []
    } else {
      queue.removeAll(keepingCapacity: true)
    }
    queueStart = 0
  }

  private func setWantsWritable(_ wanted: Bool) {
    guard wanted != wantsWritable else { return }
    wantsWritable = wanted
    if isSocket { return updateInterest() }
    guard let number = writing?.number else { return }
    guard wanted else {
      // Not an empty interest: a pipe that nobody reads any more reports that without being asked, without end.
      writeWatch?.cancel()
      writeWatch = nil
      return
    }
    writeWatch = try? loop.watch(number, for: .writable) { [weak self] _ in self?.flush() }
    // Without a watch the bytes would wait for ever: treat it as a broken pipe.
    if writeWatch == nil { writingBroke() }
  }

  /// What the descriptor that is read is watched for.
  private var interest: Readiness {
    var interest: Readiness = isPaused ? [] : .readable
    if isSocket {
      if !isPaused { interest.insert(.peerClosed) }
      if wantsWritable { interest.insert(.writable) }
    }
    return interest
  }

  private func updateInterest() { readWatch?.update(interest) }

  // MARK: Ending

  private func writingBroke() {
    endWriting()
    onWritingBroken?()
  }

  private func endWriting() {
    if isSocket {
      if let number = reading?.number { shutdown(number, Int32(SHUT_WR)) }
      return
    }
    writeWatch?.cancel()
    writeWatch = nil
    wantsWritable = false
    writing = nil
    dropQueue()
  }

  /// The peer takes no bytes any more, but what it sent before it went may still be unread: an answer, perhaps.
  private func failWriting(_ error: SystemError) {
    writeError = error
    setWantsWritable(false)
    // Not at once: the caller may be a handler that is looking at the buffer into which we would read.
    loop.atEndOfTurn { [weak self] in self?.endAfterWriteError() }
  }

  private func endAfterWriteError() {
    // A pause keeps what was not read; reading tells the end after it.
    guard let writeError, !isPaused else { return }
    drainReading()
    if !isPaused { end(.failed(writeError)) }
  }

  private func end(_ reason: ChannelEnd) {
    guard reading != nil else { return }
    let handler = onEnd
    close()
    handler?(reason)
  }

  /// Closes both directions at once; queued bytes are lost and no handler is called any more. Idempotent.
  package func close() {
    readWatch?.cancel()
    readWatch = nil
    writeWatch?.cancel()
    writeWatch = nil
    reading = nil
    writing = nil
    dropQueue()
    // Taken out before they are released: a handler may hold the last reference to an owner that closes us again.
    let handlers = (onBytes, onEnd, onWritingBroken, onDrained)
    (onBytes, onEnd, onWritingBroken, onDrained) = (nil, nil, nil, nil)
    withExtendedLifetime(handlers) {}
  }
}
