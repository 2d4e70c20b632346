import Configuration
import Platform
import Protocol
package import Telemetry
import Transport

/// The readers of the daemon's records: sessions that asked for `logs`. Loop-confined; owned by the front.
///
/// The answer `{"ok":true,"records":N}` comes first, then N notifications `log` with `{"record": …}`, and more of them as
/// they come if the client follows.
final class LogStream {
  /// A reader for whom more than this waits is dropped, in bytes. More than the text of all kept records.
  private static let mostQueuedBytes = 16 << 20

  let ring: LogRing
  private var followers: [ControlSession: Follower] = [:]

  private struct Follower {
    let server: String?
    /// Number of the record that is sent next.
    var next: UInt64
  }

  init(ring: LogRing) { self.ring = ring }

  var hasFollowers: Bool { !followers.isEmpty }

  func follow(_ session: ControlSession, server: String?, from number: UInt64) {
    followers[session] = Follower(server: server, next: number)
  }

  func end(_ session: ControlSession) { followers[session] = nil }

  /// The number of the record that has to come before there is something to send.
  var wanted: UInt64 { followers.values.map(\.next).min() ?? 0 }

  /// Sends what is new; returns the sessions that do not read and are to be closed.
  func sendNewRecords() -> [ControlSession] {
    let batch = ring.records(from: wanted)
    for (index, record) in batch.records.enumerated() {
      let number = batch.first + UInt64(index)
      var frame: [UInt8]?
      for (session, follower) in followers where follower.next <= number && record.isAbout(follower.server) {
        let text = frame ?? Self.frame(record)
        frame = text
        session.connection.send(text)
      }
    }
    for session in followers.keys { followers[session]?.next = batch.next }
    return followers.keys.filter { $0.connection.queuedBytes > Self.mostQueuedBytes }
  }

  static func frame(_ record: LogRecord) -> [UInt8] {
    JSONRPCWriter.notification(method: "log", reserving: 512) { writer in
      writer.beginObject()
      writer.key("record")
      record.write(to: &writer)
      writer.endObject()
    }
  }
}

extension LogRecord {
  /// Whether the record belongs to `server`; nil is every one.
  fileprivate func isAbout(_ server: String?) -> Bool {
    guard let server else { return true }
    return fields.contains { $0.name == "server_id" && $0.value == .string(server) }
  }
}

/// The request `logs` {"server"?, "follow"?} of the control socket.
extension FrontRouter {
  /// Makes the records of `ring` available.
  package func serveLogs(of ring: LogRing) { logStream = LogStream(ring: ring) }

  func logs(_ session: ControlSession, _ id: RequestID, _ params: JSONSlice?) {
    Task { await self.sendLogs(session, id, params) }
  }

  private func sendLogs(_ session: ControlSession, _ id: RequestID, _ params: JSONSlice?) async {
    guard let logStream else { return session.refuse(id, code: MCPErrorCode.methodNotFound, "no records are kept") }
    let server = params?.member("server")?.string
    let batch = logStream.ring.records()
    let isKnown = server == nil || settings.configuration.servers.contains { $0.id == server }
    // There may be megabytes of text: not on the loop.
    let frames = await files.run {
      batch.records.filter { $0.isAbout(server) }.map { LogStream.frame($0) }
    }
    guard let frames else { return session.refuse(id, code: MCPErrorCode.internalError, "too many readers of the log") }
    var writer = JSONWriter()
    writer.beginObject()
    if frames.isEmpty, !isKnown, let server {
      writer.member("ok", false)
      writer.member("message", "The config has no server \"\(server)\", and no record is about one.")
      writer.endObject()
      return session.reply(id, status: 404, body: writer.finish())
    }
    writer.member("ok", true)
    writer.member("records", frames.count)
    writer.endObject()
    session.reply(id, status: 200, body: writer.finish())
    for frame in frames { session.connection.send(frame) }
    guard params?.member("follow")?.bool == true, session.connection.isOpen else { return }
    logStream.follow(session, server: server, from: batch.next)
    awaitRecords()
  }

  /// Sends new records as soon as there are some, as long as somebody follows.
  private func awaitRecords() {
    guard let logStream, logStream.hasFollowers else { return }
    logStream.ring.wake(at: logStream.wanted) {
      self.loop.perform { self.assumeIsolated { $0.recordsArrived() } }
    }
  }

  private func recordsArrived() {
    for session in logStream?.sendNewRecords() ?? [] {
      log.warn("a reader of the log does not read", [LogField("pid", Int(session.pid))])
      control?.close(session)
    }
    awaitRecords()
  }
}
