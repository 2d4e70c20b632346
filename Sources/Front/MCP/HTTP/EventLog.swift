import Platform

/// What was sent on the event streams of sessions, for clients that lost their connection and come back with
/// `Last-Event-ID` (mcp-checklist SRV-54). Bounded by count, bytes and age per stream, and by bytes altogether: the
/// streams that were silent for longest are forgotten first. Pure; of one session or of many.
struct EventLog<Session: Hashable & Sendable>: Sendable {
  struct Limits: Sendable {
    var eventsPerStream = 256
    /// The newest event of a stream stays whatever its length.
    var bytesPerStream = 1 << 20
    /// How long a stream is remembered after its last event.
    var age = Duration.seconds(300)
    var bytes = 64 << 20
  }

  /// One stream of one session.
  struct Key: Hashable, Sendable {
    let session: Session
    let stream: EventID.Stream
  }

  struct Event: Sendable, Equatable {
    let number: Int
    /// Empty for the event that only gives the stream an id.
    let data: [UInt8]
  }

  /// What is known of one stream.
  private struct Entry: Sendable {
    var events: [Event] = []
    var next = 0
    var bytes = 0
    var isComplete = false
    var used: MonotonicTime

    /// Keeps an event within the limits. The change of `bytes`.
    mutating func append(_ data: [UInt8], isLast: Bool, at now: MonotonicTime, _ limits: Limits) -> Int {
      let before = bytes
      events.append(Event(number: next, data: data))
      next += 1
      used = now
      isComplete = isComplete || isLast
      bytes += data.count
      var surplus = 0
      while events.count - surplus > 1,
        events.count - surplus > limits.eventsPerStream || bytes > limits.bytesPerStream
      {
        bytes -= events[surplus].data.count
        surplus += 1
      }
      events.removeFirst(surplus)
      return bytes - before
    }
  }

  private let limits: Limits
  private var entries: [Session: [EventID.Stream: Entry]] = [:]
  private(set) var bytes = 0

  init(_ limits: Limits = Limits()) { self.limits = limits }

  var streamCount: Int { entries.values.reduce(0) { $0 + $1.count } }

  /// Keeps an event and gives its id. `isLast`: the stream ends with it.
  mutating func append(_ data: [UInt8], to key: Key, isLast: Bool = false, at now: MonotonicTime) -> EventID {
    let number = entries[key.session]?[key.stream]?.next ?? 0
    bytes += entries[key.session, default: [:]][key.stream, default: Entry(used: now)]
      .append(data, isLast: isLast, at: now, limits)
    if bytes > limits.bytes { makeRoom(sparing: key) }
    return EventID(key.stream, number)
  }

  /// What followed on the stream of `id`. Nil when that is not known in full: the stream is unknown or forgotten, or some
  /// of it is.
  func events(after id: EventID, of session: Session) -> (events: ArraySlice<Event>, isComplete: Bool)? {
    guard let entry = entries[session]?[id.stream], id.number < entry.next else { return nil }
    let first = entry.events.first?.number ?? entry.next
    guard id.number + 1 >= first else { return nil }
    return (entry.events.dropFirst(id.number + 1 - first), entry.isComplete)
  }

  /// Whether anything of the stream is kept.
  func hasEvents(_ key: Key) -> Bool { entries[key.session]?[key.stream].map { !$0.events.isEmpty } ?? false }

  mutating func forget(_ key: Key) {
    guard let entry = entries[key.session]?.removeValue(forKey: key.stream) else { return }
    bytes -= entry.bytes
    if entries[key.session]?.isEmpty == true { entries[key.session] = nil }
  }

  /// Whether anything of the session is kept.
  func hasStreams(of session: Session) -> Bool { entries[session] != nil }

  /// The session has ended.
  mutating func forget(session: Session) {
    guard let streams = entries.removeValue(forKey: session) else { return }
    bytes -= streams.values.reduce(0) { $0 + $1.bytes }
  }

  /// Forgets what was said for longer than `limits.age` ago, and streams that nothing will be said on any more. Of others
  /// the numbers stay: they are not given twice.
  mutating func prune(at now: MonotonicTime, isOpen: (Key) -> Bool) {
    for (key, used, isComplete) in known where used + limits.age < now {
      if isComplete || !isOpen(key) { forget(key) } else { forgetEvents(key) }
    }
  }

  private var known: [(key: Key, used: MonotonicTime, isComplete: Bool)] {
    entries.flatMap { session, streams in
      streams.map { (Key(session: session, stream: $0), $1.used, $1.isComplete) }
    }
  }

  private mutating func forgetEvents(_ key: Key) {
    bytes -= entries[key.session]?[key.stream]?.bytes ?? 0
    entries[key.session]?[key.stream]?.bytes = 0
    entries[key.session]?[key.stream]?.events = []
  }

  /// Forgets the streams that were silent for longest.
  private mutating func makeRoom(sparing spared: Key) {
    for (key, _, _) in known.sorted(by: { $0.used < $1.used }) where key != spared {
      // Some more than needed, so that not every event sorts anew.
      guard bytes > limits.bytes / 4 * 3 else { return }
      forgetEvents(key)
    }
  }
}
