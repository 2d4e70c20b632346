import Platform
import Protocol

/// What the sessions of a daemon keep of their streams, and how these are called. Loop-confined.
final class SessionJournal {
  let loop: EventLoop
  /// Random: streams of an earlier daemon are known by it not to be ours.
  let daemon = UInt32.random(in: 0 ... .max)
  private var log = EventLog<String>()
  private var lastStream = 0

  init(loop: EventLoop) { self.loop = loop }

  /// Every session has one stream that is about no request.
  var standingStream: EventID.Stream { EventID.Stream(daemon: daemon, number: 0, request: nil) }

  /// Names a new stream; `request` is left out when its id is too long for an event id.
  func nextStream(for request: RequestID?) -> EventID.Stream {
    lastStream += 1
    var named = request
    if case .string(let text)? = request, text.utf8.count > EventID.longestRequestID { named = nil }
    return EventID.Stream(daemon: daemon, number: lastStream, request: named)
  }

  func keep(_ data: [UInt8], isLast: Bool, _ stream: EventID.Stream, of session: String) -> EventID {
    log.append(data, to: EventLog.Key(session: session, stream: stream), isLast: isLast, at: .now)
  }

  func events(
    after id: EventID, of session: String
  ) -> (events: ArraySlice<EventLog<String>.Event>, isComplete: Bool)? {
    log.events(after: id, of: session)
  }

  func hasEvents(_ stream: EventID.Stream, of session: String) -> Bool {
    log.hasEvents(EventLog.Key(session: session, stream: stream))
  }

  func forget(session: String) { log.forget(session: session) }

  func prune(isOpen: (EventLog<String>.Key) -> Bool) { log.prune(at: .now, isOpen: isOpen) }
}
