import Foundation
import Platform
import Protocol
import TestSupport
import Testing

/// The worker outlives its supervisors; what one asked, the next one gets.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WorkerReconnectTests {
  @Test func aCallCutInTheMiddle() async throws {
    let (harness, first, session) = try await WorkerHarness.ready()
    let operation = first.call("sleep", #"{"ms":2000}"#, blob: #"{"asker": 7.0}"#)
    #expect(await eventually { harness.journal.contains { $0.contains("tools/call") } })
    first.close()

    let (second, snapshot) = try await harness.connect()
    #expect(snapshot.inFlight.map(\.operation) == [operation] && snapshot.unacknowledged.isEmpty)
    #expect(snapshot.session?.pid == session.pid && snapshot.session?.catalogHash == session.catalogHash)
    #expect(snapshot.server == "test" && snapshot.fingerprint == "f1" && snapshot.mark == harness.mark)
    let answer = try await second.answer(operation)
    #expect(answer.text == "slept 2000 ms" && answer.blob.text == #"{"asker": 7.0}"#)
    second.close()

    let (third, later) = try await harness.connect()
    #expect(later.inFlight.isEmpty && later.unacknowledged == [operation])
    #expect(try await third.answer(operation).text == "slept 2000 ms")
    third.acknowledge(operation)
    _ = try await third.request(WorkerMethod.figures)  // behind the acknowledgement on the same connection
    third.close()

    let (fourth, last) = try await harness.connect()
    #expect(last.unacknowledged.isEmpty && last.session?.pid == session.pid)
    #expect(try await fourth.answer(fourth.call("echo")).text == "{}")
    #expect(fourth.answers.count == 1, "nothing acknowledged comes again")
  }

  @Test func answersComeAgainInOrder() async throws {
    let (harness, first, _) = try await WorkerHarness.ready()
    var operations: [OperationID] = []
    for _ in 0..<20 {
      let operation = first.call("count")
      _ = try await first.answer(operation)
      operations.append(operation)
    }
    let (second, snapshot) = try await harness.connect()
    #expect(snapshot.unacknowledged == operations)
    _ = try await second.request(WorkerMethod.figures)
    #expect(second.answers.map(\.text) == (1...20).map { "\($0)" })
  }

  @Test func aSecondSupervisorReplacesTheFirst() async throws {
    let (harness, first, session) = try await WorkerHarness.ready()
    let stranger = try await harness.dial()
    #expect(try await first.answer(first.call("echo")).text == "{}", "a connection alone replaces nobody")
    let snapshot = try await stranger.hello()
    #expect(snapshot.session?.pid == session.pid)
    #expect(await eventually { first.end != nil })
    #expect(try await stranger.answer(stranger.call("echo")).text == "{}")
  }

  /// Each supervisor counts its requests from 1: what the first one asked must not answer the second one's questions.
  @Test func answersStayWithWhoAsked() async throws {
    let harness = try await WorkerHarness.start()
    let (first, _) = try await harness.connect()
    let launch = harness.launch(["--slow-start", "300"], era: .legacy)
    let start = Task { try await first.start(launch) }
    #expect(await eventually { harness.journal.contains { $0.hasPrefix("start ") } })
    let (second, snapshot) = try await harness.connect()
    #expect(snapshot.isStarting && snapshot.session == nil)
    _ = await #expect(throws: TestFailure.self) { try await start.value }
    let other = harness.launch(["--tools", "1"], era: .legacy, fingerprint: "f2")
    let refused = try await second.request(WorkerMethod.start) { other.write(to: &$0) }
    #expect(refused.errorMessage == "it runs already")
    // Who asks for the same gets the result of the start that is under way, and again of the one that is over.
    let session = try await second.start(launch)
    #expect(try await second.start(launch).pid == session.pid)
    #expect(try await second.answer(second.call("echo")).text == "{}")
    let figures = try await second.request(WorkerMethod.figures)
    #expect(figures.result?.member("processes")?.int == 1)
  }

  @Test func withoutASupervisorItEnds() async throws {
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let session = try await client.start(harness.launch(era: .legacy, orphanSeconds: 0))
    client.close()
    #expect(await eventually { harness.process.exitStatus != nil })
    #expect(harness.process.exitStatus == .exited(code: 0))
    #expect(!ProcessTree.isAlive(session.processID) && harness.journal.suffix(2) == ["eof", "exit"])
  }

  @Test func aHelloWithoutACommonVersion() async throws {
    let harness = try await WorkerHarness.start()
    let client = try await harness.dial()
    let answer = try await client.request(WorkerMethod.hello) {
      WorkerHello(frameVersions: [99], version: "x").write(to: &$0)
    }
    #expect(answer.errorMessage?.contains("no common frame version") == true)
    #expect(try await client.hello().frameVersion == 1, "it may try again")
  }

  // MARK: Hostile frames

  static let hostile: [(String, [UInt8])] = [
    ("not JSON", frame("hello")), ("empty frame", frame("")), ("an array", frame("[1]")),
    ("invalid UTF-8", [0, 0, 0, 3, 0x22, 0xff, 0x22]), ("repeated member", frame(#"{"jsonrpc":"2.0","id":1,"id":2}"#)),
    ("too long", [0xff, 0xff, 0xff, 0xff]), ("one byte over", [0x04, 0x00, 0x00, 0x01, 0x7b]),
    ("deep", frame(String(repeating: "[", count: 10_000))),
  ]

  private static func frame(_ text: String) -> [UInt8] {
    withUnsafeBytes(of: UInt32(text.utf8.count).bigEndian) { Array($0) } + Array(text.utf8)
  }

  @Test(arguments: hostile)
  func hostileFramesEndTheirConnectionOnly(what: String, bytes: [UInt8]) async throws {
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let hostile = try RawSocket(harness.socketPath)
    hostile.write(bytes)
    #expect(await eventually { hostile.isClosed }, "\(what)")
    _ = try await client.request(WorkerMethod.readCatalog)
    let (_, snapshot) = try await harness.connect()
    #expect(snapshot.pid == harness.process.pid)
  }

  @Test func halfAFrameHarmsNobody() async throws {
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    for bytes in [[0], [0, 0, 0, 9, 0x7b]] as [[UInt8]] { try RawSocket(harness.socketPath).write(bytes) }
    // Requests of somebody who never said hello are not served.
    let stranger = try await harness.dial()
    stranger.send(JSONRPCWriter.request(id: .int(1), method: WorkerMethod.shutdown))
    for _ in 0..<5 { _ = try await client.request(WorkerMethod.readCatalog) }
    #expect(harness.process.exitStatus == nil)
  }
}
