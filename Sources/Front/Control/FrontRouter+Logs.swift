import Configuration
import Platform
import Protocol
package import Telemetry
import Transport

/// The request `logs` {"server"?, "follow"?} of the control socket.
extension FrontRouter {
  /// Makes the records of `ring` available, and those in `file`, the daemon's log file, whoever wrote them.
  package func serveLogs(of ring: LogRing, file: String?) { logStream = LogStream(ring: ring, file: file) }

  func logs(_ session: ControlSession, _ id: RequestID, _ params: JSONSlice?) {
    Task { await self.sendLogs(session, id, params) }
  }

  private func sendLogs(_ session: ControlSession, _ id: RequestID, _ params: JSONSlice?) async {
    guard let logStream else { return session.refuse(id, code: MCPErrorCode.methodNotFound, "no records are kept") }
    let server = params?.member("server")?.string
    let (ring, file) = (logStream.ring, logStream.file)
    guard var backlog = await files.run({ LogBacklog(path: file, ring: ring, server: server) }) else {
      return session.refuse(id, code: MCPErrorCode.internalError, "too many readers of the log")
    }
    var count = 0
    // There may be megabytes of it: not on the loop, and only as fast as they are read.
    while session.connection.isOpen {
      let rest = backlog
      guard let (frames, more) = await files.run({ Self.frames(of: rest) }) else {
        return session.refuse(id, code: MCPErrorCode.internalError, "too many readers of the log")
      }
      if frames.isEmpty { break }
      backlog = more
      count += frames.count
      for frame in frames { session.connection.send(frame) }
      await logStream.drain(session)
    }
    guard session.connection.isOpen else { return }
    let isKnown = server == nil || settings.configuration.servers.contains { $0.id == server }
    session.reply(id, status: count > 0 || isKnown ? 200 : 404, body: Self.answer(server, count, isKnown: isKnown))
    guard count > 0 || isKnown, params?.member("follow")?.bool == true else { return }
    logStream.follow(session, server: server, from: backlog.next)
    awaitRecords()
  }

  private static func frames(of backlog: LogBacklog) -> (frames: [[UInt8]], rest: LogBacklog) {
    var rest = backlog
    let frames = rest.frames()
    return (frames, rest)
  }

  private static func answer(_ server: String?, _ count: Int, isKnown: Bool) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    if count == 0, !isKnown, let server {
      writer.member("ok", false)
      writer.member("message", "The config has no server \"\(server)\", and no record is about one.")
    } else {
      writer.member("ok", true)
      writer.member("records", count)
    }
    writer.endObject()
    return writer.finish()
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
