import Platform
import Protocol

/// Server-sent events as the body of an answer (WHATWG HTML §9.2; mcp-checklist SRV-8). Loop-confined.
final class EventStream {
  /// Nobody on the way may keep what is said, or wait for more of it.
  static let headers: [(name: String, value: String)] = [
    (name: "cache-control", value: "no-cache, no-transform"), (name: "x-accel-buffering", value: "no"),
  ]
  static let contentType = "text/event-stream"

  private let body: any EventBody
  private(set) var lastSent = MonotonicTime.now

  /// Begins the answer; nil when the client has gone. `headers` beside our own. `onDisconnect`: see `HTTPBodyStream`.
  init?(
    _ connection: any MCPConnection, headers: [(name: String, value: String)] = [],
    onDisconnect: @escaping () -> Void
  ) {
    guard let body = connection.openEvents(headers: Self.headers + headers) else { return nil }
    self.body = body
    body.onDisconnect = onDisconnect
  }

  var isOpen: Bool { body.isOpen }
  var receipt: any EventBody { body }
  /// Bytes that the client has not taken.
  var waitingBytes: Int { body.waitingBytes }
  var writtenBytes: Int { body.writtenBytes }
  var takenBytes: Int { body.takenBytes }

  /// Sends an event. `data` is on one line, as all messages are.
  func send(_ data: [UInt8], name: String = "message", id: EventID? = nil) {
    let id = id.map { "id: \($0)\n" } ?? ""
    write([Array("event: \(name)\n\(id)data: ".utf8), data, Array("\n\n".utf8)])
  }

  /// An event without data, which only tells how to come back: clients that cannot cope with it get none
  /// (mcp-checklist SRV-50).
  func prime(_ id: EventID, retryMilliseconds: Int) {
    write([Array("id: \(id)\nretry: \(retryMilliseconds)\ndata: \n\n".utf8)])
  }

  /// Keeps a quiet connection alive. Nothing while something waits anyway.
  func comment() { if body.waitingBytes == 0 { write([Array(": keep-alive\n\n".utf8)]) } }

  func end() { body.end() }

  func cutOff() { body.cutOff() }

  private func write(_ pieces: [[UInt8]]) {
    lastSent = .now
    body.write(pieces)
  }
}
