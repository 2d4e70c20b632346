import Foundation
import Glibc
import Protocol
import Testing

/// Idempotency keys over the end of daemons and workers: whoever ends, a call is carried out once, and who asks again with
/// its key gets its outcome.
@Suite("idempotency keys over restarts", .timeLimit(.minutes(5)))
struct IdempotencyRestartTests {
  private static let sleep = #"{"ms":1200}"#

  private static func retry(
    _ daemon: DaemonFixture, _ id: String = "fake.sleep", _ arguments: String = sleep, key: String = "k"
  ) throws -> SurfaceHTTPClient.Answer {
    try daemon.http().call(id, arguments, headers: IdempotencyTests.header(key))
  }

  private static func states(_ daemon: DaemonFixture) throws -> [String] {
    let records = try daemon.http().get("/v1/idempotency/records").json.member("records")
    return records?.elements.map { $0.member("state")?.string ?? "?" } ?? []
  }

  @Test("the retry of a call under way gets its answer from the next daemon", arguments: AdoptionTests.End.allCases)
  func underWay(end: AdoptionTests.End) async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let client = try daemon.http()
      try client.begin("fake.sleep", Self.sleep, headers: IdempotencyTests.header("k"))
      try daemon.waitForCalls(in: "journal")
      try AdoptionTests.replace(daemon, end)
      let retry = try Self.retry(daemon)
      #expect(retry.status == 200 && retry.content == "slept 1200 ms" && retry.isDeduplicated, "\(retry.text)")
      #expect(try Self.retry(daemon).isDeduplicated)
      #expect(try Self.retry(daemon, "fake.sleep", #"{"ms":1}"#).reason == "idempotency_key_reused")
      #expect(IdempotencyTests.calls(daemon) == 1)
    }
  }

  @Test(
    "wherever the daemon dies on the way, the call is carried out once and its outcome comes back",
    arguments: [
      "key-recorded", "call-queued", "call-sent", "answer-received", "outcome-kept", "answer-delivered",
    ])
  func faults(point: String) async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    let mark = "/tmp/wp-fault-\(UUID().uuidString)"
    defer { unlink(mark) }
    try await DaemonFixture.run(config, environment: ["WARMPLANE_FAULT": "\(point):\(mark)"]) { daemon in
      try daemon.wait(for: "fake")
      let client = try daemon.http()
      try client.begin("fake.count", headers: IdempotencyTests.header("k"))
      #expect(try daemon.waitForExit() == .signal(SIGKILL))
      try daemon.start()
      let retry = try Self.retry(daemon, "fake.count", "{}")
      #expect(retry.status == 200 && retry.content == "1", "\(retry.text)")
      #expect(retry.isDeduplicated == !["key-recorded", "call-queued"].contains(point), "\(retry.head)")
      #expect(IdempotencyTests.calls(daemon) == 1)
      let again = try Self.retry(daemon, "fake.count", "{}")
      #expect(again.content == "1" && again.isDeduplicated)
      // The worker was told that it may forget its answer.
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
      #expect(try Self.retry(daemon, "fake.count", "{}").isDeduplicated)
      #expect(IdempotencyTests.calls(daemon) == 1)
    }
  }

  @Test("an outcome is kept though nobody asks, and outlives every process")
  func nobodyAsks() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let client = try daemon.http()
      try client.begin("fake.sleep", Self.sleep, headers: IdempotencyTests.header("k"))
      try daemon.waitForCalls(in: "journal")
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
      #expect(try Self.states(daemon) == ["in_progress"])
      try daemon.eventually("there is an outcome") { try Self.states(daemon) == ["completed"] ? true : nil }
      #expect(try daemon.stop() == .code(0))
      try daemon.start()
      let retry = try Self.retry(daemon)
      #expect(retry.content == "slept 1200 ms" && retry.isDeduplicated, "\(retry.text)")
      #expect(IdempotencyTests.calls(daemon) == 1)
    }
  }

  @Test("what died with daemon and worker has an unknown outcome, and is not repeated")
  func everythingDies() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      let worker = Int32(try #require(try daemon.wait(for: "fake").member("worker_pid")?.int))
      let client = try daemon.http()
      try client.begin("fake.sleep", Self.sleep, headers: IdempotencyTests.header("k"))
      try daemon.waitForCalls(in: "journal")
      daemon.signal(SIGKILL)
      kill(worker, SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
      for _ in 0..<2 {
        let retry = try Self.retry(daemon)
        #expect(retry.status == 503 && retry.reason == "outcome_unknown" && retry.isDeduplicated, "\(retry.text)")
        #expect(retry.retry == "unsafe unknown")
      }
      #expect(try Self.states(daemon) == ["unknown"])
      #expect(IdempotencyTests.calls(daemon) == 1)
      try daemon.wait(for: "fake")
      #expect(try Self.retry(daemon, key: "new").content == "slept 1200 ms")
    }
  }

  @Test("a daemon that is stopped cancels the call and remembers that")
  func stopped() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let clients = try (0..<2).map { _ in try daemon.http() }
      for client in clients {
        try client.begin("fake.sleep", #"{"ms":60000}"#, headers: IdempotencyTests.header("k"))
      }
      try daemon.waitForCalls(in: "journal")
      daemon.signal(SIGTERM)
      for client in clients {
        let answer = try client.answer()
        #expect(answer.status == 503 && answer.retry == "unsafe unknown", "\(answer.text)")
      }
      #expect(try daemon.waitForExit() == .code(0))
      try daemon.start()
      let retry = try Self.retry(daemon, "fake.sleep", #"{"ms":60000}"#)
      #expect(retry.status == 503 && retry.reason == "outcome_unknown" && retry.isDeduplicated, "\(retry.text)")
      #expect(IdempotencyTests.calls(daemon) == 1)
    }
  }

  @Test("a bridge's call with a key is found by both of its names")
  func bridge() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2025-11-25")
      try daemon.wait(for: "fake")
      let slow = try client.start(
        "tools/call",
        #"{"name":"capability_call","arguments":{"capability_id":"fake.sleep","args":\#(Self.sleep),"#
          + #""idempotency_key":"k"}}"#)
      try daemon.waitForCalls(in: "journal")
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
      let retry = try Self.retry(daemon)
      #expect(retry.content == "slept 1200 ms" && retry.isDeduplicated, "\(retry.text)")
      #expect(try client.answer(slow).text?.contains("slept 1200 ms") == true)
      #expect(IdempotencyTests.calls(daemon) == 1)
      try client.finish()
    }
  }
}
