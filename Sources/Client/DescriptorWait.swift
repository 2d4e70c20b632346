import Glibc
import Platform

/// Blocking waits on one descriptor, for programs that do one thing.
enum DescriptorWait {
  /// Waits until `events` are there, or an error or hang-up that the next read or write will name. False when `deadline`
  /// passed first. `observer` is called in between.
  static func wait(
    _ descriptor: borrowing OwnedDescriptor, for events: Int32, until deadline: MonotonicTime? = nil,
    since start: MonotonicTime = .now, observer: WaitObserver? = nil
  ) -> Bool {
    while true {
      let now = MonotonicTime.now
      if let deadline, now >= deadline { return false }
      var pause = observer == nil ? nil : waitInterval
      if let deadline { pause = min(pause ?? (deadline - now), deadline - now) }
      var entry = pollfd(fd: descriptor.number, events: Int16(events), revents: 0)
      // Rounded up: a deadline less than a millisecond away must not make this a busy loop.
      let milliseconds = pause.map { Int32(clamping: $0.wholeMilliseconds + 1) } ?? -1
      if poll(&entry, 1, milliseconds) > 0 { return true }
      observer?(MonotonicTime.now - start)
    }
  }
}
