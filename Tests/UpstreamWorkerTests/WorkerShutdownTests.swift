import Glibc
import Platform
import Protocol
import TestSupport
import Testing

/// A worker ends with everything that its upstream ever started.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WorkerShutdownTests {
  enum Way: CaseIterable { case request, signal }

  private func end(_ harness: WorkerHarness, _ client: WorkerClient, _ way: Way) async throws {
    switch way {
    case .request: #expect(try await client.request(WorkerMethod.shutdown).result?.text == "{}")
    case .signal: harness.process.kill(SIGTERM)
    }
    #expect(await eventually { harness.process.exitStatus != nil })
    #expect(harness.process.exitStatus == .exited(code: 0))
  }

  @Test(arguments: Way.allCases)
  func politely(way: Way) async throws {
    let (harness, client, session) = try await WorkerHarness.ready()
    let sleeping = client.call("sleep", #"{"ms":60000}"#)
    #expect(await eventually { harness.journal.contains { $0.contains("tools/call") } })
    try await end(harness, client, way)
    #expect(harness.journal.suffix(2) == ["eof", "exit"], "end of file is enough for a polite one")
    #expect(!ProcessTree.isAlive(session.processID))
    #expect(try await client.answer(sleeping).failure == "unknown/upstream_died")
  }

  /// Ignores end of file and SIGTERM; its grandchild has a session of its own, ignores SIGTERM and holds no descriptor.
  @Test(arguments: Way.allCases)
  func everythingDies(way: Way) async throws {
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let file = harness.scratch.file("escaped")
    let session = try await client.start(
      harness.launch(["--ignore-eof", "--ignore-term", "--escape", file], era: .legacy))
    let child = try await client.answer(client.call("grandchild", #"{"file":"\#(harness.scratch.file("child"))"}"#))
    #expect(await eventually { !harness.lines(of: "escaped").isEmpty })
    let pids =
      [session.processID] + [child.text, harness.lines(of: "escaped").first].compactMap { $0.flatMap { Int32($0) } }
    #expect(pids.count == 3 && pids.allSatisfy { ProcessTree.isAlive($0) })
    let figures = try await client.request(WorkerMethod.figures)
    #expect(figures.result?.member("processes")?.int == 3)
    #expect(figures.result?.member("workerMemoryBytes")?.int ?? 0 > 0)

    try await end(harness, client, way)
    #expect(pids.allSatisfy { !ProcessTree.isAlive($0) })
    #expect(harness.journal.contains("term"))
  }

  /// The upstream that is killed leaves a grandchild; it does not outlive it for long.
  @Test func theEscapedDieWithTheUpstream() async throws {
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let session = try await client.start(
      harness.launch(["--escape", harness.scratch.file("escaped")], era: .legacy))
    #expect(await eventually { !harness.lines(of: "escaped").isEmpty })
    let escaped = try #require(harness.lines(of: "escaped").first.flatMap { Int32($0) })
    #expect(ProcessTree.isAlive(escaped))
    kill(session.processID, SIGKILL)
    #expect(await eventually { !ProcessTree.isAlive(escaped) })
  }

  @Test func theUpstreamsEnvironment() async throws {
    let (harness, client, _) = try await WorkerHarness.ready()
    let names = try #require(try await client.answer(client.call("env")).text).split(separator: "\n").map(String.init)
    #expect(names == ["COLOUR", "PATH", "SWIFT_BACKTRACE", "WARMPLANE_UPSTREAM"])
    let mark = try await client.answer(client.call("env", #"{"name":"WARMPLANE_UPSTREAM"}"#)).text
    #expect(mark == harness.mark)
  }

  /// An upstream that starts when the worker is told to end does not keep it.
  @Test func duringAStart() async throws {
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let start = Task { try await client.start(harness.launch(["--on-initialize", "silent"], era: .legacy)) }
    #expect(await eventually { harness.journal.contains { $0.contains("initialize") } })
    try await end(harness, client, .request)
    _ = await #expect(throws: TestFailure.self) { try await start.value }
  }
}
