import Foundation
import Glibc
import Platform
import Protocol
import TestSupport
import Testing

/// The daemon may end at any moment: sessions, counters and calls under way live on in the workers, and the next daemon
/// takes them over.
@Suite("adoption", .timeLimit(.minutes(5)))
struct AdoptionTests {
  private static func call(_ capability: String, _ arguments: String = "{}") -> String {
    #"{"name":"capability_call","arguments":{"capability_id":"\#(capability)","args":\#(arguments)}}"#
  }

  /// The text of a capability's result.
  private static func text(_ answer: MCPClient.Received) -> String? {
    answer.body?.member("data")?.member("content")?.elements.first { _ in true }?.member("text")?.string
  }

  private static func reason(_ answer: MCPClient.Received) -> String? {
    answer.body?.member("error")?.member("reason")?.string
  }

  enum End: String, CaseIterable, Sendable { case killed, handedOver, upgraded }

  /// Ends the daemon in that way and has another one serve.
  static func replace(_ daemon: DaemonFixture, _ end: End) throws {
    switch end {
    case .killed:
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
    case .handedOver:
      daemon.signal(SIGUSR2)
      #expect(try daemon.waitForExit() == .code(0))
      try daemon.start()
    case .upgraded:
      let result = try daemon.runWarmplane(["upgrade", "--config", daemon.configPath])
      #expect(result.exit == .code(0), "\(result.error)")
      #expect(result.output.contains(#""ok": true"#) || result.output.contains(#""ok":true"#), "\(result.output)")
    }
  }

  @Test("a call under way is answered by the next daemon, and the session goes on", arguments: End.allCases)
  func callUnderWay(end: End) async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal"), .fake("other")])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2025-11-25")
      let before = try daemon.wait(for: "fake")
      try daemon.wait(for: "other")
      #expect(Self.text(try client.request("tools/call", Self.call("fake.count"))) == "1")
      let slow = try client.start("tools/call", Self.call("fake.sleep", #"{"ms":3000}"#))
      try daemon.waitForLines(with: #""sleep""#, in: "journal")

      try Self.replace(daemon, end)
      #expect(Self.text(try client.answer(slow)) == "slept 3000 ms")
      #expect(Self.text(try client.request("tools/call", Self.call("fake.count"))) == "2")
      let after = try daemon.wait(for: "fake")
      #expect(after.member("upstream_pid")?.int == before.member("upstream_pid")?.int)
      #expect(after.member("worker_pid")?.int == before.member("worker_pid")?.int)
      #expect(after.member("restarts")?.int == 0)
      #expect(daemon.lines(of: "journal").count { $0.contains(#""sleep""#) } == 1, "nothing ran twice")
      #expect(daemon.lines(of: "journal").count { $0.hasPrefix("start ") } == 1, "no second upstream")
      try client.finish()
    }
  }

  @Test("an answer waits for a client that comes back late")
  func lateClient() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2026-07-28")
      try daemon.wait(for: "fake")
      let slow = try client.start("tools/call", Self.call("fake.sleep", #"{"ms":400}"#))
      try daemon.waitForLines(with: #""sleep""#, in: "journal")
      kill(client.process.processIdentifier, SIGSTOP)
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
      try daemon.wait(for: "fake")
      try daemon.eventually("the answer is there") { try daemon.figure("in_flight", of: "fake") == 0 ? true : nil }
      // Not acknowledged: a daemon that dies now leaves it to the next one.
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
      kill(client.process.processIdentifier, SIGCONT)
      #expect(Self.text(try client.answer(slow)) == "slept 400 ms")
      #expect(daemon.lines(of: "journal").count { $0.contains(#""sleep""#) } == 1)
      try client.finish()
    }
  }

  @Test("a worker that died with the daemon: its calls have an unknown outcome, the others their answers")
  func workerToo() async throws {
    let config = DaemonConfig(
      servers: [.fake("doomed", "--journal", "doomed.journal"), .fake("other", "--journal", "other.journal")])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2025-11-25")
      let row = try daemon.wait(for: "doomed")
      try daemon.wait(for: "other")
      let lost = try client.start("tools/call", Self.call("doomed.sleep", #"{"ms":2000}"#))
      let kept = try client.start("tools/call", Self.call("other.sleep", #"{"ms":2000}"#))
      try daemon.waitForLines(with: #""sleep""#, in: "doomed.journal")
      try daemon.waitForLines(with: #""sleep""#, in: "other.journal")
      daemon.signal(SIGKILL)
      kill(Int32(try #require(row.member("worker_pid")?.int)), SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
      #expect(Self.reason(try client.answer(lost)) == "outcome_unknown")
      #expect(Self.text(try client.answer(kept)) == "slept 2000 ms")
      #expect(Self.text(try client.request("tools/call", Self.call("doomed.count"))) == "1")
      #expect(daemon.lines(of: "doomed.journal").count { $0.contains(#""sleep""#) } == 1)
      try client.finish()
    }
  }

  @Test("daemons that die one after the other, even while they take over, lose nothing")
  func diesAgainAndAgain() async throws {
    let config = DaemonConfig(servers: [.fake("a", "--journal", "a.journal"), .fake("b"), .fake("c")])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2025-11-25")
      let row = try daemon.wait(for: "a")
      let slow = try client.start("tools/call", Self.call("a.sleep", #"{"ms":6000}"#))
      try daemon.waitForLines(with: #""sleep""#, in: "a.journal")
      for round in 0..<8 {
        daemon.signal(SIGKILL)
        try daemon.waitForExit()
        try daemon.launch()
        // At other moments each time: before it has looked at a socket, in the middle of the hellos, after them.
        usleep(UInt32(round) * 2500)
      }
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      try daemon.start()
      #expect(Self.text(try client.answer(slow)) == "slept 6000 ms")
      let after = try daemon.wait(for: "a")
      #expect(after.member("upstream_pid")?.int == row.member("upstream_pid")?.int)
      #expect(daemon.lines(of: "a.journal").count { $0.contains(#""sleep""#) } == 1)
      #expect(daemon.lines(of: "a.journal").count { $0.hasPrefix("start ") } == 1)
      try client.finish()
    }
  }

  @Test(
    "a daemon that dies between two steps of a call: it is carried out once, and the client gets its answer",
    arguments: ["call-queued", "call-sent", "answer-received", "answer-delivered"])
  func diesBetweenSteps(point: String) async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    let scratch = try ScratchDirectory()
    let environment = ["WARMPLANE_FAULT": "\(point):\(scratch.path)/struck"]
    try await DaemonFixture.run(config, environment: environment) { daemon in
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2025-11-25")
      let row = try daemon.wait(for: "fake")
      let first = try client.start("tools/call", Self.call("fake.count"))
      #expect(try daemon.waitForExit() == .signal(SIGKILL))
      try daemon.start()
      #expect(Self.text(try client.answer(first)) == "1")
      #expect(Self.text(try client.request("tools/call", Self.call("fake.count"))) == "2")
      #expect(try daemon.wait(for: "fake").member("upstream_pid")?.int == row.member("upstream_pid")?.int)
      #expect(daemon.lines(of: "journal").count { $0.contains(#""name":"count""#) } == 2)
      try client.finish()
    }
  }

  @Test("upgrade after upgrade, to programs that were installed over the running ones, keeps sessions and pids")
  func manyUpgrades() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2026-07-28")
      let row = try daemon.wait(for: "fake")
      let pid = daemon.pid
      for round in 1...5 {
        let slow = try client.start("tools/call", Self.call("fake.sleep", #"{"ms":150}"#))
        try daemon.waitForLines(round, with: #""sleep""#, in: "journal")
        let result = try daemon.runWarmplane(["upgrade", "--config", daemon.configPath])
        #expect(result.exit == .code(0), "\(result.error)")
        #expect(Self.text(try client.answer(slow)) == "slept 150 ms")
        #expect(try daemon.call("fake.count").content == "\(2 * round - 1)")
        #expect(Self.text(try client.request("tools/call", Self.call("fake.count"))) == "\(2 * round)")
        #expect(try daemon.status().member("daemon")?.member("pid")?.int == Int(pid))
      }
      let after = try daemon.wait(for: "fake")
      #expect(after.member("upstream_pid")?.int == row.member("upstream_pid")?.int)
      #expect(after.member("worker_pid")?.int == row.member("worker_pid")?.int)
      #expect(DaemonFixture.descriptorCount(of: pid) < 40)
      try client.finish()
    }
  }

  @Test("without another daemon a worker ends its upstream and itself")
  func orphans() async throws {
    let config = DaemonConfig(
      servers: [.fake("fake", "--journal", "journal")], members: ["daemon": #"{"workerOrphanSeconds":0}"#])
    try await DaemonFixture.run(config) { daemon in
      let row = try daemon.wait(for: "fake")
      let worker = Int32(try #require(row.member("worker_pid")?.int))
      let upstream = Int32(try #require(row.member("upstream_pid")?.int))
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      _ = try daemon.waitForEnd(of: worker, within: 10)
      #expect(!DaemonFixture.isAlive(upstream))
      #expect(daemon.lines(of: "journal").suffix(2) == ["eof", "exit"], "it ended cleanly")
      #expect(try daemon.eventually("nothing is left") { daemon.processes().isEmpty ? true : nil })
    }
  }

  @Test("a worker whose entry changed meanwhile finishes what it has, and is replaced")
  func changedEntry() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal"), .fake("gone")])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2025-11-25")
      let row = try daemon.wait(for: "fake")
      let old = Int32(try #require(row.member("upstream_pid")?.int))
      let gone = Int32(try #require(try daemon.wait(for: "gone").member("upstream_pid")?.int))
      let slow = try client.start("tools/call", Self.call("fake.sleep", #"{"ms":1500}"#))
      try daemon.waitForLines(with: #""sleep""#, in: "journal")
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      try daemon.write(DaemonConfig(servers: [.fake("fake", "--journal", "journal", "--tools", "1")]))
      try daemon.start()
      #expect(Self.text(try client.answer(slow)) == "slept 1500 ms")
      let after = try daemon.wait(for: "fake")
      #expect(after.member("upstream_pid")?.int != Int(old))
      #expect(!DaemonFixture.isAlive(old))
      _ = try daemon.waitForEnd(of: gone)
      let starts = daemon.lines(of: "journal").filter { $0.hasPrefix("start ") || $0 == "exit" }
      #expect(starts.count == 3 && starts[1] == "exit", "never two at the same time: \(starts)")
      try client.finish()
    }
  }

  @Test("a worker that does not answer is ended, and its server starts anew")
  func hungWorker() async throws {
    let config = DaemonConfig(servers: [.fake("fake")])
    try await DaemonFixture.run(config) { daemon in
      let worker = Int32(try #require(try daemon.wait(for: "fake").member("worker_pid")?.int))
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      kill(worker, SIGSTOP)
      try daemon.start()
      let after = try daemon.wait(for: "fake")
      #expect(after.member("worker_pid")?.int != Int(worker))
      #expect(!DaemonFixture.isAlive(worker))
    }
  }

  @Test("HTTP clients of a daemon that hands over are told that the outcome is open")
  func httpAtHandOver() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let call = try daemon.begin("fake.sleep", #"{"ms":1000}"#)
      try daemon.waitForCalls(in: "journal")
      daemon.signal(SIGUSR2)
      let answer = try call.answer()
      #expect(answer.status == 503 && answer.reason == "outcome_unknown", "\(answer.text)")
      #expect(try daemon.waitForExit() == .code(0))
      try daemon.start()
      #expect(try daemon.call("fake.count").content == "1")
    }
  }
}
