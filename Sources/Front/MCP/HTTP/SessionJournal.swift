import Platform
import Protocol

/// What the sessions of a daemon keep of their streams, and how these are called. Loop-confined.
final class SessionJournal {
  /// What the sessions' own streams may keep: changes and log messages, of which there can be any number.
  private static let standingBytes = 16 << 20

  let loop: EventLoop
  /// Random: streams of an earlier daemon are known by it not to be ours.
  let daemon = UInt32.random(in: 0 ... .max)
  /// Apart from one another, so that no chatter drives out an answer.
  private var answers = EventLog<String>()
  private var standing = EventLog<String>(EventLog.Limits(bytes: standingBytes))
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
    let key = EventLog.Key(session: session, stream: stream)
    return change(stream) { $0.append(data, to: key, isLast: isLast, at: .now) }
  }

  func events(
    after id: EventID, of session: String
  ) -> (events: ArraySlice<EventLog<String>.Event>, isComplete: Bool)? {
    id.stream == standingStream ? standing.events(after: id, of: session) : answers.events(after: id, of: session)
  }

  func hasEvents(_ stream: EventID.Stream, of session: String) -> Bool {
    let key = EventLog.Key(session: session, stream: stream)
    return stream == standingStream ? standing.hasEvents(key) : answers.hasEvents(key)
  }

  func forget(session: String) {
    change(standingStream) { $0.forget(session: session) }
    change(nil) { $0.forget(session: session) }
  }

  func prune(isOpen: (EventLog<String>.Key) -> Bool) {
    change(standingStream) { $0.prune(at: .now, isOpen: isOpen) }
    change(nil) { $0.prune(at: .now, isOpen: isOpen) }
  }

  /// Changes the log that has `stream`, and notes what memory that frees.
  private func change<Result>(
    _ stream: EventID.Stream?, _ action: (inout EventLog<String>) -> Result
  ) -> Result {
    let before = answers.bytes + standing.bytes
    defer { FreedMemory.note(before - answers.bytes - standing.bytes) }
    return stream == standingStream ? action(&standing) : action(&answers)
  }
}
