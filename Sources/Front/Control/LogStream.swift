import Platform
import Protocol
import Telemetry
import Transport

/// The readers of the daemon's records: sessions that asked for `logs`. Loop-confined; owned by the front.
///
/// What was noted before comes first, as notifications `log` with `{"record": …}`; then the answer
/// `{"ok":true,"records":N}` with their number, and behind it, if the client follows, more of them as they come.
final class LogStream {
  /// A follower for whom more than this waits is dropped, in bytes. More than the text of all kept records.
  private static let mostQueuedBytes = 16 << 20
  /// While more than this waits for a reader, nothing is read for it, in bytes.
  private static let mostAhead = 1 << 20

  let ring: LogRing
  /// Path of the log file, which holds what earlier daemons noted.
  let file: String?
  private var followers: [ControlSession: Follower] = [:]
  /// Readers that are waited for.
  private var draining: [ControlSession: [CheckedContinuation<Void, Never>]] = [:]

  private struct Follower {
    let server: String?
    /// Number of the record that is sent next.
    var next: UInt64
  }

  init(ring: LogRing, file: String?) {
    self.ring = ring
    self.file = file
  }

  var hasFollowers: Bool { !followers.isEmpty }

  func follow(_ session: ControlSession, server: String?, from number: UInt64) {
    followers[session] = Follower(server: server, next: number)
  }

  func end(_ session: ControlSession) {
    followers[session] = nil
    goOn(session)
  }

  private func goOn(_ session: ControlSession) {
    for waiting in draining.removeValue(forKey: session) ?? [] { waiting.resume() }
  }

  /// For the end of the daemon: nobody is waited for any more.
  func close() {
    followers = [:]
    for session in Array(draining.keys) { goOn(session) }
  }

  /// Returns when the session has read what was sent, or has gone; at once while only little waits for it.
  nonisolated(nonsending) func drain(_ session: ControlSession) async {
    guard session.connection.isOpen, session.connection.queuedBytes > Self.mostAhead else { return }
    session.connection.onDrained = { [weak self, unowned session] in self?.goOn(session) }
    await withCheckedContinuation { draining[session, default: []].append($0) }
  }

  /// The number of the record that has to come before there is something to send.
  var wanted: UInt64 { followers.values.map(\.next).min() ?? 0 }

  /// Sends what is new; returns the sessions that do not read and are to be closed.
  func sendNewRecords() -> [ControlSession] {
    let batch = ring.records(from: wanted)
    for (index, record) in batch.records.enumerated() {
      let number = batch.first + UInt64(index)
      var frame: [UInt8]?
      for (session, follower) in followers where follower.next <= number && record.isAbout(follower.server) {
        let text = frame ?? Self.frame { record.write(to: &$0) }
        frame = text
        session.connection.send(text)
      }
    }
    for session in followers.keys { followers[session]?.next = batch.next }
    return followers.keys.filter { $0.connection.queuedBytes > Self.mostQueuedBytes }
  }

  /// The notification with the record that `record` writes.
  static func frame(_ record: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter(reserving: 512)
    writer.beginObject()
    writer.member("jsonrpc", "2.0")
    writer.member("method", "log")
    writer.key("params")
    writer.beginObject()
    writer.key("record")
    record(&writer)
    writer.endObject()
    writer.endObject()
    return writer.finish()
  }
}

extension LogRecord {
  /// Whether the record belongs to `server`; nil is every one.
  func isAbout(_ server: String?) -> Bool {
    guard let server else { return true }
    return fields.contains { $0.name == "server_id" && $0.value == .string(server) }
  }
}
