package import Platform

/// Decides when a daemon that was started on demand has been without clients for long enough. Decided by events alone;
/// it knows no timer.
package struct IdleClock: Sendable, Equatable {
  /// How long there may be no client; nil: for ever.
  package var limit: Duration?
  private var clients = 0
  private var idleSince: MonotonicTime

  /// The time counts from `start`.
  package init(limit: Duration?, start: MonotonicTime) {
    self.limit = limit
    idleSince = start
  }

  /// A bridge, a command or a request has come.
  package mutating func clientArrived() { clients += 1 }

  /// It has gone.
  package mutating func clientLeft(at now: MonotonicTime) {
    if clients == 0 { fatalError("more clients left the daemon than had come") }
    clients -= 1
    idleSince = now
  }

  /// When the daemon may end, as things are; nil while it has clients.
  package var deadline: MonotonicTime? { clients == 0 ? limit.map { idleSince + $0 } : nil }

  package func isDue(at now: MonotonicTime) -> Bool { deadline.map { $0 <= now } ?? false }
}
