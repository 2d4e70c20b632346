import Foundation
import Glibc
import Protocol

/// What a test asks the daemon.
extension DaemonFixture {
  /// The body of `status`, by the control socket.
  func status() throws -> JSONSlice {
    let control = try SurfaceControlClient(path: controlSocket)
    try control.hello()
    guard let body = try control.request("status").member("body") else { throw Failure(description: "no body") }
    return body
  }

  /// The row of one server in `status`.
  func worker(_ server: String) throws -> JSONSlice {
    let rows = try status().member("workers").map { Array($0.elements) } ?? []
    guard let row = rows.first(where: { $0.member("server")?.string == server }) else {
      throw Failure(description: "no row of \(server)")
    }
    return row
  }

  /// Waits until `status` says that state of the server, and returns its row.
  @discardableResult
  func wait(for server: String, toBe state: String = "ready", within seconds: Double = 20) throws -> JSONSlice {
    try eventually(within: seconds, "\(server) is \(state)") {
      let row = try worker(server)
      return row.member("state")?.string == state ? row : nil
    }
  }

  /// A new connection to `/v1`.
  func http() throws -> SurfaceHTTPClient { try SurfaceHTTPClient(port: port) }

  /// `POST /v1/tools/call` on a connection of its own. `arguments` is JSON text, and so is `requestID`.
  func call(_ id: String, _ arguments: String = "{}", requestID: String? = nil) throws -> SurfaceHTTPClient.Answer {
    try http().call(id, arguments, requestID: requestID)
  }

  /// The records of the current daemon's log so far.
  func log() throws -> [JSONSlice] {
    // The last line may be half written.
    let lines = text(of: logPath).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    return try lines.map { line throws in try JSONSlice(validating: Array(line.utf8)) }
  }

  /// The fields of the records with that message.
  func log(_ message: String) throws -> [JSONSlice] {
    try log().compactMap { $0.member("fields") }.filter { $0.member("message")?.string == message }
  }

  /// Waits for a record with that message that `matches` accepts; returns its fields.
  @discardableResult
  func waitForLog(
    _ message: String, within seconds: Double = 30, where matches: (JSONSlice) -> Bool = { _ in true }
  ) throws -> JSONSlice {
    try eventually(within: seconds, "a record \"\(message)\"") { try log(message).first(where: matches) }
  }

  /// Descriptors that a process, by default the daemon, has open when nothing comes or goes: clients that just left have
  /// been noticed.
  func restingDescriptorCount(of pid: Int32? = nil) throws -> Int {
    let pid = pid ?? self.pid
    var samples: [Int] = []
    return try eventually("the descriptors of \(pid) rest") {
      samples.append(Self.descriptorCount(of: pid))
      let last = samples.suffix(20)
      return last.count == 20 && Set(last).count == 1 ? last.last : nil
    }
  }
}
