import Glibc

/// One thread around `poll(2)`: lines in, lines out, a few timers.
///
/// A handler that has to wait sets a timer and returns, so one slow request never delays another. Writing blocks: a
/// client that stops reading stops this process, which is what a pipe is for. Not thread-safe; use it from one thread.
package final class StdioLoop {
  /// Names a pending timer. Never used twice in one process.
  package struct TimerID: Hashable {
    fileprivate let number: Int
  }

  private struct Timer {
    let id: TimerID
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    let deadline: UInt64
    let action: () -> Void
  }

  /// Most bytes of one line of input (64 MiB, the limit of a message). A longer line ends the loop.
  package static let maximumLineBytes = 64 << 20

  /// False makes the loop deaf: it no longer reads, not even the end of its input.
  package var isReading = true

  private let input: Int32
  private let output: Int32
  private var isRunning = false
  private var timers: [Timer] = []
  private var timersMade = 0
  /// Bytes of a line whose end has not been read.
  private var pending: [UInt8] = []

  package init(input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO) {
    self.input = input
    self.output = output
  }

  // MARK: Timers

  /// Runs `action` once, `milliseconds` from now, between two lines of input.
  @discardableResult
  package func after(milliseconds: Int, _ action: @escaping () -> Void) -> TimerID {
    timersMade += 1
    let id = TimerID(number: timersMade)
    let deadline = Self.now() + UInt64(max(0, milliseconds)) * 1_000_000
    timers.append(Timer(id: id, deadline: deadline, action: action))
    return id
  }

  /// Forgets a timer; one that has fired is ignored.
  package func cancel(_ id: TimerID) {
    timers.removeAll { $0.id == id }
  }

  // MARK: Output

  /// Writes all of `bytes`. False: nobody reads any more, or the descriptor is broken.
  @discardableResult
  package func write(_ bytes: [UInt8]) -> Bool {
    Self.write(bytes, to: output)
  }

  /// Writes all of `bytes` to a blocking descriptor, continuing after signals and partial writes.
  @discardableResult
  package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress! + written, buffer.count - written)
        if count > 0 {
          written += count
        } else if errno != EINTR {
          return false
        }
      }
      return true
    }
  }

  /// Writes one line to stderr, where a client looks when a server has died.
  package static func complain(_ text: String) {
    write(Array((text + "\n").utf8), to: STDERR_FILENO)
  }

  // MARK: Running

  /// Ends `run` when the current handler returns.
  package func stop() {
    isRunning = false
  }

  /// Calls `onLine` for every line (without its end, blank lines skipped) and `onEnd` once at the end of the input.
  /// Returns after `stop`, which an input without end of line beyond `maximumLineBytes` calls too.
  package func run(onLine: ([UInt8]) -> Void, onEnd: () -> Void) {
    isRunning = true
    var hasInput = true
    while isRunning {
      let polled = hasInput && isReading
      // A negative descriptor is one that poll passes over.
      var entry = pollfd(fd: polled ? input : -1, events: Int16(POLLIN), revents: 0)
      let ready = poll(&entry, 1, millisecondsToNextTimer())
      if ready > 0, polled {
        hasInput = read(onLine)
        if !hasInput, isRunning { onEnd() }
      }
      fireDueTimers()
    }
  }

  /// Reads once and hands out the lines that are complete. False at the end of the input.
  private func read(_ onLine: ([UInt8]) -> Void) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    let count = Glibc.read(input, &chunk, chunk.count)
    if count < 0 { return errno == EINTR || errno == EAGAIN }
    if count == 0 {
      // The last line may lack its end: `printf '{…}' | server` is worth an answer.
      deliver(pending[...], onLine)
      pending = []
      return false
    }
    var rest = chunk[..<count]
    while isRunning, isReading, let end = rest.firstIndex(of: 0x0A) {
      if pending.isEmpty {
        deliver(rest[..<end], onLine)
      } else {
        pending += rest[..<end]
        let line = pending
        pending = []
        deliver(line[...], onLine)
      }
      rest = rest[(end + 1)...]
    }
    pending += rest
    if pending.count > Self.maximumLineBytes {
      Self.complain("a line of input is longer than \(Self.maximumLineBytes) bytes")
      stop()
    }
    return true
  }

  private func deliver(_ line: ArraySlice<UInt8>, _ onLine: ([UInt8]) -> Void) {
    let text = line.last == 0x0D ? line.dropLast() : line
    if !text.isEmpty { onLine(Array(text)) }
  }

  private func fireDueTimers() {
    let now = Self.now()
    while isRunning, let next = timers.min(by: { $0.deadline < $1.deadline }), next.deadline <= now {
      cancel(next.id)
      next.action()
    }
  }

  /// The timeout for `poll`: rounded up, so that a timer is due when it returns; -1 without timers.
  private func millisecondsToNextTimer() -> Int32 {
    guard let deadline = timers.lazy.map(\.deadline).min() else { return -1 }
    let now = Self.now()
    return deadline <= now ? 0 : Int32(clamping: (deadline - now + 999_999) / 1_000_000)
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
