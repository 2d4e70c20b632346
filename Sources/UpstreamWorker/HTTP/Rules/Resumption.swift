/// Decides whether and when the broken answer stream of a request is taken up again (`Last-Event-ID`, SEP-1699;
/// mcp-checklist CLI-43). Pure.
struct Resumption {
  /// Attempts in a row that did not get a stream.
  static let mostFailures = 5
  static let usualDelay = Duration.seconds(1)
  /// Bounds of what the server may ask for by `retry`.
  static let shortestDelay = Duration.milliseconds(50)
  static let longestDelay = Duration.seconds(60)
  /// Longest event id that is kept, in bytes: it goes into a header.
  static let longestID = 4096

  /// Of the last event that was received whole; nil: the stream cannot be taken up again.
  private(set) var lastEventID: String?
  private var retry: Duration?
  private var failures = 0

  /// The stream named this event id or this delay; empty and nil are none.
  mutating func note(eventID: String, retryMilliseconds: Int?) {
    if !eventID.isEmpty, eventID.utf8.count <= Self.longestID, eventID.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) {
      lastEventID = eventID
    }
    if let retryMilliseconds {
      retry = max(Self.shortestDelay, min(Self.longestDelay, .milliseconds(retryMilliseconds)))
    }
  }

  /// A stream was opened again.
  mutating func accepted() { failures = 0 }

  /// The stream, or the attempt to open it again, broke. How long to wait before the next attempt; nil: the answer is
  /// lost.
  mutating func broken() -> Duration? {
    guard lastEventID != nil, failures < Self.mostFailures else { return nil }
    failures += 1
    return retry ?? Self.usualDelay
  }
}
