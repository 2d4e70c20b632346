import Glibc
import Platform
import Protocol
import Testing

/// Calls beside each other, their deadlines, and the word to the upstream when nobody waits any more (contract §6.6).
@Suite("calls", .timeLimit(.minutes(5)))
struct SupervisionCallTests {
  @Test("a slow call delays no other to the same upstream")
  func concurrency() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake", "--journal", "fake.journal")])) { daemon in
      try daemon.wait(for: "fake")
      let slow = try daemon.begin("fake.sleep", #"{"ms":60000}"#)
      try daemon.waitForCalls(in: "fake.journal")
      let client = try daemon.http()
      let elapsed = try DaemonFixture.milliseconds { () throws in
        for number in 1...20 { #expect(try client.call("fake.count").content == "\(number)") }
      }
      DaemonFixture.report("20 calls in a row beside a slow one", elapsed)
      #expect(try daemon.figure("in_flight", of: "fake") == 1)
      withExtendedLifetime(slow) {}
    }
  }

  @Test("a timeout answers 504 and tells the upstream")
  func timeout() async throws {
    let server = DaemonConfig.Server.fake("fake", "--journal", "fake.journal", members: ["timeout": "300"])
    try await DaemonFixture.run(DaemonConfig(servers: [server, .fake("other")])) { daemon in
      try daemon.wait(for: "fake")
      try daemon.wait(for: "other")
      var answer = SurfaceHTTPClient.Answer()
      let elapsed = try DaemonFixture.milliseconds {
        answer = try daemon.http().call("fake.sleep", #"{"ms":60000}"#, requestID: #""r-1""#)
      }
      DaemonFixture.report("call with a timeout of 300 ms", elapsed)
      #expect(elapsed >= 300 && elapsed < 1300)
      #expect(answer.status == 504)
      #expect(answer.code == "UPSTREAM_TIMEOUT")
      #expect(answer.reason == "outcome_unknown")
      #expect(answer.isRetryable == true)
      #expect(answer.message?.contains("timed out after 300ms") == true)
      #expect(answer.json.member("request_id")?.string == "r-1")
      #expect(answer.json.member("data")?.isNull == true)
      let late = try DaemonFixture.milliseconds { try daemon.waitForLines(with: "cancelled ", in: "fake.journal") }
      DaemonFixture.report("504 to the upstream's knowledge of it", late)
      #expect(late < 1000)
      try expectCancelled("fake.journal", daemon)
      // The other server has the default, and the upstream is in order.
      #expect(try daemon.call("other.sleep", #"{"ms":500}"#).status == 200)
      #expect(try daemon.call("fake.echo", #"{"a":1}"#).status == 200)
      #expect(try daemon.figure("errors", of: "fake") == 1)
    }
  }

  enum Surface: String, CaseIterable, Sendable { case http, control, cli }

  @Test("a client that goes away cancels its call upstream", arguments: Surface.allCases)
  func clientGoesAway(surface: Surface) async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake", "--journal", "fake.journal")])) { daemon in
      try daemon.wait(for: "fake")
      let leave: () throws -> Void
      switch surface {
      case .http:
        var client: SurfaceHTTPClient? = try daemon.begin("fake.sleep", #"{"ms":60000}"#)
        leave = {
          _ = client  // until now
          client = nil
        }
      case .control:
        var client: SurfaceControlClient? = try SurfaceControlClient(path: daemon.controlSocket)
        try client?.hello()
        try client?.send("tools/call", SurfaceHTTPClient.callBody("fake.sleep", #"{"ms":60000}"#))
        leave = {
          _ = client
          client = nil
        }
      case .cli:
        let pid = try daemon.startWarmplane(["call-capability", "fake.sleep", "--params", #"{"ms":60000}"#])
        leave = {
          kill(pid, SIGKILL)
          waitpid(pid, nil, 0)
        }
      }
      try daemon.waitForCalls(in: "fake.journal")
      #expect(try daemon.figure("in_flight", of: "fake") == 1)
      try leave()
      let elapsed = try DaemonFixture.milliseconds { try daemon.waitForLines(with: "cancelled ", in: "fake.journal") }
      DaemonFixture.report("end of the \(surface.rawValue) client to the upstream's knowledge of it", elapsed)
      #expect(elapsed < 1000)
      try expectCancelled("fake.journal", daemon)
      try daemon.eventually("nothing is in flight") { try daemon.figure("in_flight", of: "fake") == 0 ? true : nil }
      let failure = try daemon.waitForLog("tool call failure")
      #expect(failure.member("reason")?.string == "cancelled")
      #expect(try daemon.call("fake.count").content == "1")
    }
  }

  /// The upstream got one `notifications/cancelled` with the id of the call.
  private func expectCancelled(_ journal: String, _ daemon: DaemonFixture) throws {
    let messages = daemon.lines(of: journal).filter { $0.hasPrefix("recv ") }.compactMap {
      try? JSONSlice(validating: Array($0.dropFirst("recv ".count).utf8))
    }
    let call = try #require(messages.last { $0.member("params")?.member("name")?.string == "sleep" })
    let notes = messages.filter { $0.member("method")?.string == "notifications/cancelled" }
    #expect(notes.count == 1)
    #expect(notes.first?.member("params")?.member("requestId")?.int == call.member("id")?.int)
  }

  @Test("the deadline covers the wait for a server that is starting")
  func deadlineWhileStarting() async throws {
    let config = DaemonConfig(servers: [
      .fake("slow", "--on-initialize", "silent", "--journal", "slow.journal", members: ["timeout": "400"])
    ])
    try await DaemonFixture.run(config) { daemon in
      var answer = SurfaceHTTPClient.Answer()
      let elapsed = try DaemonFixture.milliseconds { answer = try daemon.call("slow.echo") }
      DaemonFixture.report("call with a deadline of 400 ms to a server that is starting", elapsed)
      #expect(elapsed >= 400 && elapsed < 1400)
      #expect(answer.status == 503)
      #expect(answer.code == "SERVER_UNREACHABLE")
      #expect(answer.reason == "starting")
      #expect(answer.isRetryable == true)
      #expect(!daemon.lines(of: "slow.journal").contains { $0.contains("tools/call") })
      #expect(try daemon.worker("slow").member("state")?.string == "starting")
    }
  }

  @Test("a call to an id that was never listed waits for its server; then it runs, or is 404")
  func neverListed() async throws {
    let config = DaemonConfig(servers: [.fake("late", "--on-initialize", "late:800")])
    try await DaemonFixture.run(config) { daemon in
      let good = try daemon.begin("late.echo", #"{"a":1}"#)
      let bad = try daemon.begin("late.no_such_tool")
      let foreign = try daemon.call("nobody.echo")
      #expect(foreign.status == 404)
      #expect(foreign.code == "TOOL_NOT_FOUND")
      #expect(try daemon.worker("late").member("state")?.string == "starting")
      #expect(try good.answer().content == #"{"a":1}"#)
      let unknown = try bad.answer()
      #expect(unknown.status == 404)
      #expect(unknown.code == "TOOL_NOT_FOUND")
    }
  }

  @Test("a full queue refuses the next call at once, and is nobody else's trouble")
  func queueFull() async throws {
    // It stops reading after the probe, initialize and tools/list.
    let server = DaemonConfig.Server.fake("full", "--stop-reading-after", "3", members: ["timeout": "60000"])
    var config = DaemonConfig(servers: [server, .fake("other")])
    config.members = ["daemon": #"{"stopGraceMs":200}"#]
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "full")
      try daemon.wait(for: "other")
      var client: SurfaceControlClient? = try SurfaceControlClient(path: daemon.controlSocket)
      let control = { try #require(client) }
      try control().hello()
      let most = 1024
      for _ in 0...most { try control().send("tools/call", SurfaceHTTPClient.callBody("full.echo")) }
      let refusal = try #require(try control().message().member("result"))
      #expect(refusal.member("status")?.int == 503)
      let error = try #require(refusal.member("body")?.member("error"))
      #expect(error.member("code")?.string == "SERVER_UNREACHABLE")
      #expect(error.member("reason")?.string == "queue_full")
      #expect(error.member("retryable")?.bool == true)
      #expect(try daemon.figure("in_flight", of: "full") == most)
      let elapsed = try DaemonFixture.milliseconds { () throws in
        #expect(try daemon.call("other.count").content == "1")
      }
      DaemonFixture.report("call beside a full queue", elapsed)
      // The client goes, and what it asked for with it.
      client = nil
      _ = try daemon.eventually("nothing is in flight") {
        try daemon.figure("in_flight", of: "full") == 0 ? true : nil
      }
    }
  }

  @Test("a server that hangs after its handshake is degraded, then started again; others are not")
  func hangAfterHandshake() async throws {
    var config = DaemonConfig(servers: [.fake("hung", "--hang-after", "0", "--ignore-eof"), .fake("idle")])
    config.members = ["daemon": #"{"probeSeconds":1,"stopGraceMs":200}"#]
    try await DaemonFixture.run(config) { daemon in
      let pid = try daemon.wait(for: "hung").member("upstream_pid")?.int
      try daemon.wait(for: "hung", toBe: "degraded")
      let readiness = try daemon.readiness("hung")
      #expect(readiness.code == "ready")
      #expect(readiness.message.contains("liveness"), "\(readiness.message)")
      let ended = try daemon.waitForLog("upstream server ended") { $0.member("server_id")?.string == "hung" }
      #expect(ended.member("detail")?.string?.contains("does not answer liveness probes") == true)
      let row = try daemon.eventually(within: 10, "another upstream") {
        let row = try daemon.worker("hung")
        return row.member("restarts")?.int ?? 0 > 0 && row.member("state")?.string == "ready" ? row : nil
      }
      #expect(row.member("upstream_pid")?.int != pid)
      #expect(try daemon.worker("idle").member("state")?.string == "ready")
      #expect(try daemon.figure("restarts", of: "idle") == 0)
    }
  }

  @Test("list_changed updates the lists, in both eras", arguments: ["legacy", "modern", "dual"])
  func listChanged(era: String) async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--era", era, "--journal", "fake.journal")])
    try await DaemonFixture.run(config) { daemon in
      let row = try daemon.wait(for: "fake")
      let isModern = era != "legacy"
      #expect(row.member("protocol_version")?.string == (isModern ? "2026-07-28" : "2025-11-25"))
      #expect(try daemon.call("fake.second").status == 404)
      #expect(try daemon.call("fake.add_tool", #"{"name":"second"}"#).status == 200)
      let elapsed = try DaemonFixture.milliseconds {
        _ = try daemon.eventually("the new tool is listed") {
          try daemon.listedIDs().contains("fake.second") ? true : nil
        }
      }
      DaemonFixture.report("list_changed (\(era)) to the new list", elapsed)
      #expect(try daemon.call("fake.second", #"{"a":1}"#).content == #"{"a":1}"#)
      let requests = daemon.lines(of: "fake.journal")
      #expect(requests.contains { $0.contains("subscriptions/listen") } == isModern)
      #expect(requests.contains { $0.contains(#""method":"initialize""#) } == !isModern)
    }
  }
}
