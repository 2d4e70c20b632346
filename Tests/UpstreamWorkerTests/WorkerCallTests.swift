import Glibc
import Platform
import Protocol
import TestSupport
import Testing

/// Calls through a real worker to a real upstream.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WorkerCallTests {
  static let payload = #"{"n": 12345678901234567890, "x": 1.0, "s": "\u00e9"}"#

  @Test(arguments: [
    ("legacy", ProtocolRevision.november2025), ("modern", .july2026), ("dual", .july2026),
  ])
  func aSessionOfEachEra(era: String, revision: ProtocolRevision) async throws {
    let (harness, client, session) = try await WorkerHarness.ready(
      ["--era", era, "--resources", "2", "--prompts", "1"], era: nil)
    #expect(session.revision == revision && session.listErrors.isEmpty)
    #expect(session.serverInfo?.member("name")?.string == "warmplane-fake-upstream")
    #expect(harness.journal.first == "start \(session.processID)")

    let catalog = try #require(try await client.request(WorkerMethod.readCatalog).result)
    #expect(catalog.member("hash")?.string == session.catalogHash)
    #expect(catalog.member("tools")?.elements.contains { $0.member("name")?.string == "echo" } == true)
    #expect(catalog.member("resources")?.elements.count { _ in true } == 2)
    #expect(catalog.member("prompts")?.elements.count { _ in true } == 1)

    let answer = try await client.answer(client.call("echo", Self.payload, blob: #"{ "id": 1.0 }"#))
    #expect(answer.blob.text == #"{ "id": 1.0 }"#)
    guard case .completed(let result?) = answer.outcome else {
      Issue.record("not completed: \(answer.outcome)")
      return
    }
    #expect(result.member("structuredContent")?.text == Self.payload, "byte for byte")
    _ = try await client.request(WorkerMethod.probe)
  }

  @Test func prettyPrintedArgumentsStayOneLine() async throws {
    let (harness, client, _) = try await WorkerHarness.ready()
    let answer = try await client.answer(client.call("echo", "{\n  \"n\" : 1.0,\r\n  \"s\": \"a\\nb\"\n}"))
    #expect(answer.text == #"{  "n" : 1.0,  "s": "a\nb"}"#)
    #expect(harness.journal.contains { $0.hasPrefix("recv ") && $0.contains(#"{  "n" : 1.0,  "s": "a\nb"}"#) })
  }

  @Test func theTraceGoesUpstream() async throws {
    let (harness, client, _) = try await WorkerHarness.ready()
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    _ = try await client.answer(client.call("echo", traceparent: trace))
    #expect(harness.journal.contains { $0.contains(#""_meta":{"traceparent":"\#(trace)"}"#) })
  }

  @Test func aSlowCallDelaysNoOther() async throws {
    let (_, client, _) = try await WorkerHarness.ready()
    let slow = client.call("sleep", #"{"ms":400}"#)
    let quick = (0..<20).map { _ in client.call("echo") }
    for operation in quick { #expect(try await client.answer(operation).text != nil) }
    #expect(!client.answers.contains { $0.operation == slow }, "the slow one is not first")
    #expect(try await client.answer(slow).text == "slept 400 ms")
  }

  @Test func aCancelledCallIsCancelledUpstream() async throws {
    let (harness, client, _) = try await WorkerHarness.ready()
    let operation = client.call("sleep", #"{"ms":60000}"#)
    #expect(await eventually { harness.journal.contains { $0.contains("tools/call") } })
    client.cancel(operation)
    #expect(try await client.answer(operation).failure == "unknown/cancelled")
    #expect(await eventually { harness.journal.contains { $0.hasPrefix("cancelled ") } })
    client.cancel(operation)
    client.cancel(.random())
    #expect(try await client.answer(client.call("echo")).text == "{}", "a cancel that comes too late does nothing")
  }

  @Test func aDeadlineCancelsUpstream() async throws {
    let (harness, client, _) = try await WorkerHarness.ready()
    let answer = try await client.answer(client.call("sleep", #"{"ms":60000}"#, timeout: 50))
    #expect(answer.failure == "unknown/timeout")
    #expect(await eventually { harness.journal.contains { $0.hasPrefix("cancelled ") } })
  }

  @Test func progressIsPassedOn() async throws {
    let (_, client, _) = try await WorkerHarness.ready()
    let wanted = client.call("progress", #"{"steps":3}"#, progress: true)
    _ = try await client.answer(wanted)
    _ = try await client.answer(client.call("progress", #"{"steps":3}"#, progress: false))
    let progress = client.notifications(WorkerMethod.progress)
    #expect(progress.compactMap { $0?.member("params")?.member("progress")?.text } == ["1", "2", "3"])
    #expect(progress.allSatisfy { $0?.member("operation")?.string == wanted.description })
  }

  @Test func aCallSentTwiceIsExecutedOnce() async throws {
    let (_, client, _) = try await WorkerHarness.ready()
    let operation = client.call("count")
    #expect(try await client.answer(operation).text == "1")
    client.call("count", operation: operation)
    #expect(await eventually { client.answers.count { $0.operation == operation && $0.text == "1" } == 2 })
    let slow = client.call("sleep", #"{"ms":50}"#)
    client.call("sleep", #"{"ms":50}"#, operation: slow)
    _ = try await client.answer(slow)
    #expect(try await client.answer(client.call("count")).text == "2")
    #expect(client.answers.count { $0.operation == slow } == 1)
  }

  // MARK: Odd answers

  @Test func odditiesOfTheUpstream() async throws {
    let (_, client, _) = try await WorkerHarness.ready()
    let refused = try await client.answer(
      client.call("rpc_error", #"{"code":-32050,"message":"no","data":{"x": 1.0}}"#))
    guard case .rejected(let error) = refused.outcome else {
      Issue.record("not rejected: \(refused.outcome)")
      return
    }
    #expect(error.text == #"{"code":-32050,"message":"no","data":{"x": 1.0}}"#)
    guard case .completed(nil) = try await client.answer(client.call("no_result")).outcome else {
      Issue.record("no result must be an empty one")
      return
    }
    #expect(try await client.answer(client.call("wrong_id", timeout: 50)).failure == "unknown/timeout")
    #expect(try await client.answer(client.call("double_answer")).text == "first")
    #expect(
      try await client.answer(client.call("raw", #"{"line":"{\"jsonrpc\":\"2.0\",\"id\":99,"}"#)).text == "written")
    #expect(try await client.answer(client.call("ask", #"{"method":"ping"}"#)).text?.contains(#""result":{}"#) == true)
    let roots = try await client.answer(client.call("ask", #"{"method":"roots/list"}"#))
    #expect(roots.text?.contains("-32601") == true)
    #expect(await eventually { client.log.lines.contains { $0.contains("not a protocol message") } })
  }

  @Test func withoutAnUpstream() async throws {
    let harness = try await WorkerHarness.start()
    let (client, snapshot) = try await harness.connect()
    #expect(snapshot.pid == harness.process.pid && snapshot.session == nil && !snapshot.isStarting)
    #expect(try await client.answer(client.call("echo")).failure == "not_sent/not_ready")
    #expect(try await client.request(WorkerMethod.call).errorCode == MCPErrorCode.invalidParams)
    #expect(try await client.request(WorkerMethod.start).errorCode == MCPErrorCode.invalidParams)
    #expect(try await client.request("no/such").errorCode == MCPErrorCode.methodNotFound)
    #expect(try await client.request(WorkerMethod.probe).errorCode == 1)
    #expect(try await client.request(WorkerMethod.readCatalog).result?.member("tools")?.text == "[]")
  }

  /// Calls that the pipe has no room for wait here, and were provably not sent.
  @Test func heldCallsAreNotSent() async throws {
    // initialize and tools/list, then deaf: the pipe takes a part of the first call, the queue the rest and the second.
    let (_, client, session) = try await WorkerHarness.ready(["--stop-reading-after", "2"])
    let large = #"{"text":"\#(String(repeating: "x", count: 300_000))"}"#
    let first = client.call("echo", large)
    let queued = [client.call("echo", large), client.call("echo")]
    let late = client.call("echo", timeout: 100)
    let unwanted = client.call("echo", large)
    #expect(try await client.answer(late).failure == "not_sent/timeout")
    client.cancel(unwanted)
    #expect(try await client.answer(unwanted).failure == "not_sent/cancelled")
    #expect(client.answers.count == 2)
    kill(session.processID, SIGKILL)
    #expect(try await client.answer(first).failure == "unknown/upstream_died")
    for operation in queued { #expect(try await client.answer(operation).failure == "not_sent/upstream_died") }
  }
}
