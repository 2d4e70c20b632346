import Synchronization

/// The last records of this process, for whoever asks for them later. Every record has a number, one more than the one
/// before it, so that a reader can go on where it was.
///
/// Records are kept as they are and not as text: most of them are never read, and whoever logs must not pay for them.
package final class LogRing: LogDestination {
  /// A part of the ring.
  package struct Batch: Sendable {
    package let records: [LogRecord]
    /// The number of the first of `records`.
    package let first: UInt64
    /// Where to go on.
    package var next: UInt64 { first + UInt64(records.count) }
  }

  private struct State {
    /// The oldest is at `head`; what is before it was given up.
    var slots: [LogRecord?] = []
    var head = 0
    var first: UInt64 = 0
    var bytes = 0
    var wakeup: (@Sendable () -> Void)?

    var next: UInt64 { first + UInt64(slots.count - head) }

    mutating func removeOldest() {
      bytes -= slots[head]?.cost ?? 0
      slots[head] = nil
      head += 1
      first += 1
      // Moving the rest costs as much as the records that were removed meanwhile.
      if head > 256, head > slots.count / 2 {
        slots.removeFirst(head)
        head = 0
      }
    }
  }

  private let state = Mutex(State())
  private let limit: Int

  /// `bytes`: what the texts of all kept records occupy, roughly.
  package init(bytes: Int = 4 << 20) { limit = bytes }

  package func submit(_ record: LogRecord) {
    let wakeup = state.withLock { state in
      state.slots.append(record)
      state.bytes += record.cost
      // The newest one stays, however large it is.
      while state.bytes > limit, state.slots.count - state.head > 1 { state.removeOldest() }
      defer { state.wakeup = nil }
      return state.wakeup
    }
    wakeup?()
  }

  /// What is kept of the records from `number` on.
  package func records(from number: UInt64 = 0) -> Batch {
    state.withLock { state in
      let start = min(max(number, state.first), state.next)
      let slots = state.slots[(state.head + Int(start - state.first))...]
      return Batch(records: slots.compactMap { $0 }, first: start)
    }
  }

  /// Calls `action` once as soon as there is a record `number`, perhaps at once and on any thread. One waits at a time:
  /// the last one who asked.
  package func wake(at number: UInt64, _ action: @escaping @Sendable () -> Void) {
    let isThere = state.withLock { state in
      state.wakeup = state.next > number ? nil : action
      return state.next > number
    }
    if isThere { action() }
  }
}
