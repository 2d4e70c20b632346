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

  private struct Entry: Sendable {
    var events: [Event] = []
    var next = 0
    var bytes = 0
    var isComplete = false
    var used: MonotonicTime
  }

  private let limits: Limits
  private var entries: [Key: Entry] = [:]
  /// Of how many streams of each session anything is known.
  private var counts: [Session: Int] = [:]
  private(set) var bytes = 0

  init(_ limits: Limits = Limits()) { self.limits = limits }

  var streamCount: Int { entries.count }

  /// Keeps an event and gives its id. `isLast`: the stream ends with it.
  mutating func append(_ data: [UInt8], to key: Key, isLast: Bool = false, at now: MonotonicTime) -> EventID {
    if entries[key] == nil { counts[key.session, default: 0] += 1 }
    var entry = entries[key] ?? Entry(used: now)
    let number = entry.next
    entry.next += 1
    entry.used = now
    entry.isComplete = entry.isComplete || isLast
    entry.events.append(Event(number: number, data: data))
    entry.bytes += data.count
    bytes += data.count
    var surplus = 0
    while entry.events.count - surplus > 1,
      entry.events.count - surplus > limits.eventsPerStream || entry.bytes > limits.bytesPerStream
    {
      entry.bytes -= entry.events[surplus].data.count
      bytes -= entry.events[surplus].data.count
      surplus += 1
    }
    entry.events.removeFirst(surplus)
    entries[key] = entry
    if bytes > limits.bytes { makeRoom(sparing: key) }
    return EventID(key.stream, number)
  }

  /// What followed on the stream of `id`. Nil when that is not known in full: the stream is unknown or forgotten, or some
  /// of it is.
  func events(after id: EventID, of session: Session) -> (events: ArraySlice<Event>, isComplete: Bool)? {
    guard let entry = entries[Key(session: session, stream: id.stream)], id.number < entry.next else { return nil }
    let first = entry.events.first?.number ?? entry.next
    guard id.number + 1 >= first else { return nil }
    return (entry.events.dropFirst(id.number + 1 - first), entry.isComplete)
  }

  /// Whether anything of the stream is kept.
  func hasEvents(_ key: Key) -> Bool { entries[key].map { !$0.events.isEmpty } ?? false }

  mutating func forget(_ key: Key) {
    guard let entry = entries.removeValue(forKey: key) else { return }
    bytes -= entry.bytes
    counts[key.session]? -= 1
    if counts[key.session] == 0 { counts[key.session] = nil }
  }

  /// Whether anything of the session is kept.
  func hasStreams(of session: Session) -> Bool { counts[session] != nil }

  /// The session has ended.
  mutating func forget(session: Session) {
    guard hasStreams(of: session) else { return }
    for key in entries.keys where key.session == session { forget(key) }
  }

  /// Forgets what was said for longer than `limits.age` ago, and streams that nothing will be said on any more. Of others
  /// the numbers stay: they are not given twice.
  mutating func prune(at now: MonotonicTime, isOpen: (Key) -> Bool) {
    for (key, entry) in entries where entry.used + limits.age < now {
      if entry.isComplete || !isOpen(key) { forget(key) } else { forgetEvents(key) }
    }
  }

  private mutating func forgetEvents(_ key: Key) {
    bytes -= entries[key]?.bytes ?? 0
    entries[key]?.bytes = 0
    entries[key]?.events = []
  }

  /// Forgets the streams that were silent for longest.
  private mutating func makeRoom(sparing spared: Key) {
    for (key, _) in entries.filter({ $0.key != spared }).sorted(by: { $0.value.used < $1.value.used }) {
      // Some more than needed, so that not every event sorts anew.
      guard bytes > limits.bytes / 4 * 3 else { return }
      forgetEvents(key)
    }
  }
}
