import Glibc
package import Platform
import Protocol
import Synchronization

/// Writes records as JSON lines to a descriptor or a file, from a thread of its own: whoever logs never waits for the reader of
/// the log. Records wait in a bounded queue; at the limit new ones are dropped and counted, and the next record that is
/// written says how many. A descriptor that is closed or whose reader is gone silences the sink and nothing else.
package final class LogSink: LogDestination {
  /// What may wait to be written.
  package struct Limits: Sendable {
    package var records: Int
    /// Of texts, roughly.
    package var bytes: Int

    package init(records: Int = 8192, bytes: Int = 4 << 20) {
      self.records = records
      self.bytes = bytes
    }
  }

  private struct State {
    var queue: [LogRecord] = []
    var queuedBytes = 0
    var dropped = 0
    /// A drain is submitted or running, so nobody has to wake the thread.
    var isDraining = false
    var isBroken = false
    /// The last line was written in part (disk full); the next text begins with a line break.
    var isTorn = false
  }

  private enum Output {
    case descriptor(Int32)
    case file(RotatingLogFile)
  }

  /// The thread waits this long before it takes a batch: under load it is woken a few hundred times a second instead of
  /// once per record, which would cost every caller a system call.
  private static let lingerNanoseconds = 2_000_000

  private static let chunkBytes = 65_536

  private let state = Mutex(State())
  private let output: Output
  private let limits: Limits
  /// Each line begins with its priority, for the journal.
  private let hasPriorities: Bool
  private let thread: BlockingThread

  /// The descriptor stays the caller's: it must be open as long as the sink lives and is not closed by it. With
  /// `hasPriorities` each line begins with the priority of its level, as the journal takes it.
  package init(
    descriptor: Int32 = STDERR_FILENO, limits: Limits = Limits(), hasPriorities: Bool = false
  ) throws(SystemError) {
    output = .descriptor(descriptor)
    self.hasPriorities = hasPriorities
    self.limits = limits
    thread = try BlockingThread(name: "log")
  }

  /// Writes to a file of limited size. Without a file, for example on a full disk, records are lost until there is one.
  package init(file: RotatingLogFile, limits: Limits = Limits()) throws(SystemError) {
    output = .file(file)
    hasPriorities = false
    self.limits = limits
    thread = try BlockingThread(name: "log")
  }

  package func submit(_ record: LogRecord) {
    let mustWake = state.withLock { state in
      guard !state.isBroken else { return false }
      let cost = record.cost
      guard state.queue.count < limits.records, state.queuedBytes + cost <= limits.bytes else {
        state.dropped += 1
        return false
      }
      state.queue.append(record)
      state.queuedBytes += cost
      defer { state.isDraining = true }
      return !state.isDraining
    }
    // The thread's own queue holds at most this one piece and those of `flush`, so it has room.
    if mustWake { thread.submit { self.drain(lingering: true) } }
  }

  /// Waits until everything submitted before is written, at most for `timeout`. Blocks the calling thread: for the end
  /// of the process only. False if records are left.
  package func flush(timeout: Duration) -> Bool {
    let isWritten = Flag()
    let deadline = MonotonicTime.now + timeout
    guard
      thread.submit({
        self.drain(lingering: false); isWritten.set()
      })
    else { return false }
    while !isWritten.isSet {
      guard MonotonicTime.now < deadline else { return false }
      Self.pause(nanoseconds: 500_000)
    }
    return true
  }

  // MARK: On the thread

  private func drain(lingering: Bool) {
    if lingering { Self.pause(nanoseconds: Self.lingerNanoseconds) }
    while true {
      let (batch, dropped) = state.withLock { state in
        let taken = (state.queue, state.dropped)
        state.isDraining = !state.queue.isEmpty || state.dropped > 0
        state.queue = []
        state.queuedBytes = 0
        state.dropped = 0
        return taken
      }
      guard !batch.isEmpty || dropped > 0 else { return }
      write(batch, dropped)
    }
  }

  private func write(_ batch: [LogRecord], _ dropped: Int) {
    // Batches are cut so that a full queue does not need its size a second time as text.
    var start = batch.startIndex
    repeat {
      var text: [UInt8] = []
      if start == batch.startIndex, dropped > 0 {
        append(Self.report(dropped), to: &text)
      }
      while start < batch.endIndex, text.count < Self.chunkBytes {
        append(batch[start], to: &text)
        start += 1
      }
      guard write(text) else { return }
    } while start < batch.endIndex
  }

  /// False when nobody will ever read again.
  private func write(_ text: [UInt8]) -> Bool {
    let descriptor: Int32
    switch output {
    case .descriptor(let number): descriptor = number
    case .file(let file):
      guard let number = file.descriptor(for: text.count) else { return true }
      descriptor = number
    }
    let text = state.withLock({ $0.isTorn }) ? [UInt8(ascii: "\n")] + text : text
    var rest = text[...]
    defer { if rest.startIndex > 0 { state.withLock { $0.isTorn = text[rest.startIndex - 1] != UInt8(ascii: "\n") } } }
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { bytes in
        retryingInterrupts { Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
      }
      if count > 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch errno {
      case EAGAIN:
        // Somebody else made the shared descriptor non-blocking.
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&wanted, 1, -1)
      case EPIPE, EBADF, EINVAL:
        // SIGPIPE is blocked on this thread, as every signal is.
        state.withLock { state in
          state.isBroken = true
          state.queue = []
          state.queuedBytes = 0
        }
        return false
      default:
        // A full disk or an I/O error: these records are lost, later ones may be written again.
        return true
      }
    }
    return true
  }

  private static func report(_ dropped: Int) -> LogRecord {
    LogRecord(
      time: .now, level: .warn, message: "log records dropped", fields: [LogField("count", dropped)],
      target: "warmplane::telemetry")
  }

  private func append(_ record: LogRecord, to text: inout [UInt8]) {
    if hasPriorities { text += record.level.journalPrefix.utf8 }
    var writer = JSONWriter(reserving: record.cost + 64)
    record.write(to: &writer)
    text += writer.finish()
    text.append(UInt8(ascii: "\n"))
  }

  private static func pause(nanoseconds: Int) {
    var time = timespec(tv_sec: 0, tv_nsec: nanoseconds)
    nanosleep(&time, nil)
  }
}

/// Set once, on one thread; read on another.
private final class Flag: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
}
