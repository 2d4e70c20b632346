import Protocol

/// The id of a server-sent event of a session: it names its stream, so that nothing but events of that stream is ever
/// sent again (mcp-checklist SRV-49), and the request that the stream answers, so that a daemon that never saw the
/// request knows which one it was. Visible ASCII, at most 320 bytes. Pure.
///
/// `<daemon>.<stream>.<number>` and, for a request, `.i<integer>` or `.s<base64 of the text>`.
struct EventID: Sendable, Hashable, CustomStringConvertible {
  /// Longest request id of text that fits, in bytes of UTF-8. A stream for a longer one is unnamed and lives as long as
  /// this daemon.
  static let longestRequestID = 170

  struct Stream: Sendable, Hashable {
    /// Random, of the daemon that opened it: streams of two daemons are never taken for one another.
    let daemon: UInt32
    /// Unique in its session and daemon.
    let number: Int
    /// Nil of the stream that answers no request.
    let request: RequestID?
  }

  let stream: Stream
  /// From 0 on, within the stream.
  let number: Int

  init(_ stream: Stream, _ number: Int) {
    self.stream = stream
    self.number = number
  }

  /// The place before the first event of a stream. Not to be written.
  static func beginning(of stream: Stream) -> EventID { EventID(stream, -1) }

  /// Reads what `description` wrote; nil for everything else.
  init?(_ text: String) {
    guard text.utf8.count <= 320 else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (3...4).contains(parts.count), let daemon = UInt32(parts[0], radix: 16), let stream = Int(parts[1]),
      let number = Int(parts[2]), stream >= 0, number >= 0
    else { return nil }
    var request: RequestID?
    if parts.count == 4 {
      request = Self.request(parts[3])
      if request == nil { return nil }
    }
    self.init(Stream(daemon: daemon, number: stream, request: request), number)
    // One text for one id.
    guard description == text else { return nil }
  }

  private static func request(_ part: Substring) -> RequestID? {
    switch part.first {
    case "i": Int64(part.dropFirst()).map { .int($0) }
    case "s":
      Base64.decode(String(part.dropFirst())).flatMap { String(validating: $0, as: UTF8.self) }.map { .string($0) }
    default: nil
    }
  }

  var description: String {
    let place = "\(String(stream.daemon, radix: 16)).\(stream.number).\(number)"
    switch stream.request {
    case nil: return place
    case .int(let id): return "\(place).i\(id)"
    case .string(let id): return "\(place).s\(Base64.encode(id.utf8))"
    }
  }
}
