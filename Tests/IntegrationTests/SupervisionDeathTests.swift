import Glibc
import Protocol
import Testing

/// Deaths while calls run: those calls fail at once, others do not notice, and the server comes back (contract §6.6).
@Suite("deaths", .timeLimit(.minutes(5)))
struct SupervisionDeathTests {
  enum Victim: String, CaseIterable, Sendable { case upstream, worker }

  @Test("calls of a killed process fail at once, and the next call succeeds", arguments: Victim.allCases)
  func death(of victim: Victim) async throws {
    let config = DaemonConfig(servers: [.fake("victim", "--journal", "victim.journal"), .fake("other")])
    try await DaemonFixture.run(config) { daemon in
      let row = try daemon.wait(for: "victim")
      try daemon.wait(for: "other")
      let otherPID = try daemon.call("other.pid").content
      let doomed = try (0..<5).map { _ in try daemon.begin("victim.sleep", #"{"ms":60000}"#) }
      let unharmed = try daemon.begin("other.sleep", #"{"ms":700}"#)
      try daemon.waitForCalls(5, in: "victim.journal")
      let pid = Int32(try #require(row.member("\(victim.rawValue)_pid")?.int))
      let upstream = Int32(try #require(row.member("upstream_pid")?.int))

      kill(pid, SIGKILL)
      let elapsed = try DaemonFixture.milliseconds {
        for client in doomed {
          let answer = try client.answer()
          #expect(answer.status == 503)
          #expect(answer.code == "SERVER_UNREACHABLE")
          #expect(answer.reason == "outcome_unknown")
          #expect(answer.isRetryable == true)
          #expect(answer.message?.contains("victim") == true)
        }
      }
      DaemonFixture.report("kill -9 of the \(victim.rawValue) to the last of 5 failures", elapsed)
      #expect(elapsed < 1000)

      // At once: it waits for the next attempt, which it causes.
      let next = try DaemonFixture.milliseconds { () throws in #expect(try daemon.call("victim.count").content == "1") }
      DaemonFixture.report("kill -9 of the \(victim.rawValue) to the next answer", elapsed + next)
      #expect(!DaemonFixture.isAlive(upstream))
      #expect(try unharmed.answer().content == "slept 700 ms")
      #expect(try daemon.call("other.pid").content == otherPID)
      // Nothing ran twice: the five sleeps, and the call after them.
      #expect(daemon.lines(of: "victim.journal").count { $0.contains(#""name":"sleep""#) } == 5)

      let after = try daemon.worker("victim")
      #expect(after.member("state")?.string == "ready")
      #expect(after.member("restarts")?.int == 1)
      #expect(after.member("errors")?.int == 5)
      #expect(after.member("calls")?.int == 6)
      #expect(after.member("in_flight")?.int == 0)
      #expect(after.member("upstream_pid")?.int != Int(upstream))
      #expect(try daemon.figure("restarts", of: "other") == 0)
      #expect(try daemon.figure("errors", of: "other") == 0)
      try expectStory(of: "victim", daemon)
    }
  }

  /// What an operator reads: it ended and why, when it is tried again, that it is back, and which calls failed.
  private func expectStory(of server: String, _ daemon: DaemonFixture) throws {
    func records(_ message: String) throws -> [JSONSlice] {
      try daemon.log(message).filter { $0.member("server_id")?.string == server }
    }
    let ended = try daemon.waitForLog("upstream server ended") { $0.member("server_id")?.string == server }
    #expect(ended.member("detail")?.string?.contains("signal 9") == true)
    #expect(try records("upstream server restarting").count == 1)
    #expect(try records("upstream server ready").count == 2)
    let failures = try records("tool call failure")
    #expect(failures.count == 5)
    #expect(failures.allSatisfy { $0.member("reason")?.string == "outcome_unknown" })
  }

  @Test("calls that come while a killed worker is being noticed all end, and none is lost")
  func callsDuringDeath() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("victim")])) { daemon in
      for _ in 0..<5 {
        let row = try daemon.wait(for: "victim")
        let clients = try (0..<20).map { _ in try daemon.http() }
        kill(Int32(try #require(row.member("worker_pid")?.int)), SIGKILL)
        for client in clients {
          let body = Array(SurfaceHTTPClient.callBody("victim.echo").utf8)
          try client.send(
            SurfaceHTTPClient.bytes("POST", "/v1/tools/call", headers: ["Content-Type: application/json"], body: body))
        }
        let elapsed = try DaemonFixture.milliseconds {
          for client in clients {
            let answer = try client.answer()
            #expect(answer.status == 200 || answer.code == "SERVER_UNREACHABLE", "\(answer.text)")
          }
        }
        #expect(elapsed < 5000)
      }
    }
  }

  @Test("a server that ends by itself after its answer is started again")
  func exitAfterAnswer() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("brief", "--exit-after-calls", "1")])) { daemon in
      try daemon.wait(for: "brief")
      #expect(try daemon.call("brief.count").content == "1")
      try daemon.waitForLog("upstream server ended")
      #expect(try daemon.call("brief.count").content == "1")
      #expect(try daemon.figure("errors", of: "brief") == 0)
      let detail = try daemon.waitForLog("upstream server ended").member("detail")?.string
      #expect(detail?.contains("exited with code 0") == true)
    }
  }

  @Test("a server that kills itself in a call fails that call only")
  func deathByCall() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fragile", "--die-on-call", "count")])) { daemon in
      try daemon.wait(for: "fragile")
      let answer = try daemon.call("fragile.count")
      #expect(answer.status == 503)
      #expect(answer.reason == "outcome_unknown")
      #expect(try daemon.call("fragile.echo", #"{"a":1}"#).content == #"{"a":1}"#)
    }
  }
}
