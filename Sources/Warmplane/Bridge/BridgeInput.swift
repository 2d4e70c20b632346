import Glibc
import Platform

/// Standard input on the loop: a pipe, a socket, a terminal or a file. Loop-confined.
///
/// The descriptor keeps its mode: it is read only when it says that it is readable, because a terminal's mode is shared
/// with the shell.
final class BridgeInput {
  private static let chunkBytes = 64 * 1024

  private let loop: EventLoop
  private var buffer = [UInt8](repeating: 0, count: BridgeInput.chunkBytes)
  private var watch: Watch?
  /// For what epoll refuses, such as a file: it is always readable.
  private var turn: Timer?
  private var isEnded = false

  /// Valid during the call only.
  var onBytes: ((UnsafeRawBufferPointer) -> Void)?
  /// Called once, with the error if it was not the end of the file.
  var onEnd: ((SystemError?) -> Void)?

  init(loop: EventLoop) { self.loop = loop }

  private var isReading: Bool { watch != nil || turn != nil }

  /// Reads until `pause()` or the end. Idempotent.
  func resume() {
    guard !isReading, !isEnded else { return }
    do {
      watch = try loop.watch(STDIN_FILENO, for: .readable) { [weak self] _ in self?.readOnce() }
    } catch {
      scheduleTurn()
    }
  }

  /// Leaves what comes to the kernel. A cancelled watch and not an empty one: a hang-up is reported to any watch, again
  /// and again.
  func pause() {
    watch?.cancel()
    watch = nil
    turn?.cancel()
    turn = nil
  }

  private func scheduleTurn() {
    turn = loop.schedule(after: .zero) { [weak self] in
      guard let self else { return }
      turn = nil
      scheduleTurn()
      readOnce()
    }
  }

  private func readOnce() {
    let count = retryingInterrupts { read(STDIN_FILENO, &buffer, buffer.count) }
    if count > 0 {
      buffer.withUnsafeBytes { onBytes?(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    } else if count == 0 {
      end(nil)
    } else if errno != EAGAIN {
      end(SystemError("read", subject: "standard input"))
    }
  }

  private func end(_ error: SystemError?) {
    pause()
    isEnded = true
    let handler = onEnd
    onBytes = nil
    onEnd = nil
    handler?(error)
  }
}
