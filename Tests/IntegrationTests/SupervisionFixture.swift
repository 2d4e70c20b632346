import Foundation
import Glibc
import Platform
import Protocol
import Testing

/// What the tests of supervision ask beside calls and status: processes, journals of upstreams, times.
extension DaemonFixture {
  // MARK: Calls under way

  /// Begins a call on a connection of its own; its `answer()` waits, and letting go of it is a client that goes away.
  func begin(_ id: String, _ arguments: String = "{}") throws -> SurfaceHTTPClient {
    let client = try http()
    let body = Array(SurfaceHTTPClient.callBody(id, arguments).utf8)
    try client.send(
      SurfaceHTTPClient.bytes("POST", "/v1/tools/call", headers: ["Content-Type: application/json"], body: body))
    return client
  }

  /// Ids of all capabilities that are listed now.
  func listedIDs() throws -> [String] {
    let list = try http().get("/v1/capabilities?wait=0").json
    return list.member("capabilities")?.elements.compactMap { $0.member("id")?.string } ?? []
  }

  /// The readiness row of a server.
  func readiness(_ server: String) throws -> (code: String, message: String, isRetryable: Bool) {
    let rows = try http().get("/v1/capabilities?wait=0").json.member("server_readiness")
    guard let row = rows?.elements.first(where: { $0.member("server")?.string == server }) else {
      throw Failure(description: "no readiness row of \(server)")
    }
    return (
      row.member("code")?.string ?? "", row.member("message")?.string ?? "", row.member("retryable")?.bool ?? false
    )
  }

  /// A number of a server's row in `status`.
  func figure(_ name: String, of server: String) throws -> Int {
    try #require(try worker(server).member(name)?.int, "\(name) of \(server)")
  }

  // MARK: Journals

  /// The lines of a file in the daemon's directory, which is also the working directory of its upstreams.
  func lines(of file: String) -> [String] {
    text(of: "\(directory)/\(file)").split(separator: "\n").map(String.init)
  }

  /// Waits until `count` lines of that file contain `text`.
  func waitForLines(_ count: Int = 1, with text: String, in file: String, within seconds: Double = 30) throws {
    try eventually(within: seconds, "\(count) lines with \(text) in \(file)") {
      lines(of: file).count { $0.contains(text) } >= count ? true : nil
    }
  }

  /// Waits until the upstream behind the journal has read that many calls.
  func waitForCalls(_ count: Int = 1, in journal: String) throws {
    try waitForLines(count, with: #""method":"tools/call""#, in: journal)
  }

  // MARK: Processes

  /// The pid that a process wrote into a file.
  func pid(in file: String) throws -> Int32 {
    try eventually(within: 10, "a pid in \(file)") { lines(of: file).first.flatMap { Int32($0) } }
  }

  /// Whether a process runs; one that ended and was not reaped yet does not.
  static func isAlive(_ pid: Int32) -> Bool {
    let stat = String(decoding: FileManager.default.contents(atPath: "/proc/\(pid)/stat") ?? Data(), as: UTF8.self)
    // The state comes after the name, which is in parentheses and may contain anything.
    guard let state = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].dropFirst(2).first else { return false }
    return state != "Z" && state != "X"
  }

  /// Waits until a process is gone; the milliseconds that took.
  func waitForEnd(of pid: Int32, within seconds: Double = 3) throws -> Int {
    try Self.milliseconds {
      _ = try eventually(within: seconds, "the end of process \(pid)") { Self.isAlive(pid) ? nil : true }
    }
  }

  /// Kills a process that `status` names, and waits until the daemon knows.
  func endProcess(_ member: String, of server: String) throws {
    func ends() throws -> Int { try log("upstream server ended").count { $0.member("server_id")?.string == server } }
    let before = try ends()
    kill(Int32(try figure(member, of: server)), SIGKILL)
    _ = try eventually("the end of \(server) is in the log") { try ends() > before ? true : nil }
  }

  // MARK: Times

  /// How long `body` took.
  static func milliseconds(_ body: () throws -> Void) throws -> Int {
    let start = MonotonicTime.now
    try body()
    return MonotonicTime.now.milliseconds(since: start)
  }

  /// Shows a measured time. Assertions are generous, because test machines are busy; this is what one wants to know.
  static func report(_ what: String, _ milliseconds: Int) {
    print("measured: \(what): \(milliseconds) ms")
  }
}
