import Protocol

/// The stream that the client of a session opened with GET, for what is about no request; and what it will find there
/// when it has none. Loop-confined.
final class StandingStream {
  private let streams: StreamRegistry
  private var events: EventStream?
  private var unread = UnreadNotices()
  private var waiting = WaitingNotices()

  init(_ streams: StreamRegistry) { self.streams = streams }

  /// Whether the client has it.
  var isOpen: Bool { events?.isOpen ?? false }
  /// Bytes that the client has not taken.
  var waitingBytes: Int { events?.waitingBytes ?? 0 }

  /// The client opened it, perhaps anew. The ids that it sees only grow: it can come back after each of them for exactly
  /// what followed. `missed`: what it did not get of an earlier one. `keep`: see `tell`; nil also for `isPrimed`.
  func open(
    _ connection: any MCPConnection, missed: [(id: EventID, data: [UInt8])], isPrimed: Bool,
    keep: (([UInt8]) -> EventID)?
  ) {
    if let events {
      streams.remove(events)
      events.cutOff()
    }
    unread = UnreadNotices()
    events = EventStream(connection) { [weak self] in
      guard let self, let events else { return }
      streams.remove(events)
      self.events = nil
    }
    guard let events else { return }
    streams.add(events)
    for event in missed where !event.data.isEmpty { events.send(event.data, id: event.id) }
    if isPrimed, let keep {
      events.prime(keep([]), retryMilliseconds: SessionAnswer.retryMilliseconds)
    } else {
      // Something must be on its way before clients believe that it stands.
      events.comment()
    }
    for (notice, message) in waiting.removeAll() { tell(message, of: notice, keep: keep) }
  }

  /// Tells the client something as such. `notice`: what changed, of which a client without the stream hears when it opens
  /// one; nil: nobody hears of it but who listens. `keep` gives an event's id, under which it is kept; nil at revisions
  /// without.
  func tell(_ message: [UInt8], of notice: ChangeNotice?, keep: (([UInt8]) -> EventID)?) {
    guard let events, events.isOpen else {
      if let notice { waiting.add(notice, message) }
      return
    }
    if let notice, !unread.admits(notice, taken: events.takenBytes, written: events.writtenBytes) { return }
    events.send(message, id: keep?(message))
  }

  func close() {
    guard let events else { return }
    streams.remove(events)
    events.end()
    self.events = nil
  }
}
