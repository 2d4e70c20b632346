import Glibc
import Platform
import Protocol
import TestSupport
import Testing

/// Upstreams that misbehave, each in its own way.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WorkerUpstreamTests {
  // MARK: Start

  @Test(arguments: [
    (["--on-probe", "exit"], 2), (["--on-probe", "silent"], 2), (["--on-probe", "garbage"], 2),
    (["--deaf-after-probe"], 2), (["--on-probe", "error"], 1), (["--version", "2024-11-05"], 1),
    (["--on-initialize", "error", "--version", "2025-03-26"], 1), (["--on-initialize", "late:200"], 1),
    (["--slow-start", "100"], 1),
  ])
  func startsAllTheSame(flags: [String], starts: Int) async throws {
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let session = try await client.start(harness.launch(flags, discoverTimeout: starts == 2 ? 300 : 10_000))
    #expect(session.revision.era == .legacy)
    #expect(harness.journal.count { $0.hasPrefix("start ") } == starts)
    #expect(try await client.answer(client.call("echo")).text == "{}")
    #expect(!client.notifications(WorkerMethod.answered).isEmpty)
    #expect(client.notifications(WorkerMethod.ended).isEmpty, "a probe that failed is no crash")
  }

  @Test(arguments: [
    (["--exit-at-start", "3"], ["exited with code 3", "last words", "exiting with 3 as told"]),
    (["--on-initialize", "silent"], ["did not answer initialize within 1500 ms"]),
    (["--on-initialize", "exit"], ["exited with code 1 before it answered initialize"]),
    (["--on-initialize", "error"], ["refused initialize: initialize fails as told (code: -32603)"]),
    (["--version", "1999-01-01"], ["answered initialize with protocol version 1999-01-01"]),
    (["--hang-after", "1"], ["did not answer tools/list within 1500 ms"]),
  ])
  func failsWithAReason(flags: [String], words: [String]) async throws {
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let failure = try await client.request(WorkerMethod.start) {
      let isSlow = words.contains { $0.hasSuffix("ms") }
      harness.launch(flags, era: .legacy, startTimeout: isSlow ? 1500 : 20_000).write(to: &$0)
    }
    for word in words { #expect(failure.errorMessage?.contains(word) == true, "\(failure.errorMessage ?? "none")") }
    // The same worker starts the next one, as soon as nothing is left of this.
    #expect(try await client.start(harness.launch(era: .legacy)).listErrors.isEmpty)
  }

  @Test func aCommandThatDoesNotExist() async throws {
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let failure = try await client.request(WorkerMethod.start) {
      harness.launch(["x"], command: "/no/such/program").write(to: &$0)
    }
    let message = try #require(failure.errorMessage)
    #expect(message.contains("exited with code 127") && message.contains("/no/such/program"), "\(message)")
  }

  @Test func aListThatFailsDegrades() async throws {
    let (_, client, session) = try await WorkerHarness.ready(["--list-error", "tools/list", "--resources", "1"])
    #expect(session.listErrors == ["tools/list failed: tools/list fails as told (code: -32603)"])
    let catalog = try #require(try await client.request(WorkerMethod.readCatalog).result)
    #expect(catalog.member("resources")?.elements.count { _ in true } == 1)
  }

  // MARK: End

  @Test func killedDuringCalls() async throws {
    let (harness, client, session) = try await WorkerHarness.ready()
    let calls = (0..<3).map { _ in client.call("sleep", #"{"ms":60000}"#) }
    #expect(await eventually { harness.journal.count { $0.contains("tools/call") } == 3 })
    let killed = MonotonicTime.now
    kill(session.processID, SIGKILL)
    for call in calls { #expect(try await client.answer(call).failure == "unknown/upstream_died") }
    // 100 ms are promised; a loaded machine gets more.
    #expect(MonotonicTime.now - killed < .seconds(1))
    #expect(await eventually { !client.notifications(WorkerMethod.ended).isEmpty })
    let detail = client.notifications(WorkerMethod.ended).first??.member("detail")?.string
    #expect(detail?.contains("signal 9") == true, "\(detail ?? "none")")

    let again = try await client.start(harness.launch(era: .legacy))
    #expect(again.pid != session.pid)
    #expect(try await client.answer(client.call("count")).text == "1")
  }

  @Test(arguments: [["--die-on-call", "echo"], ["--exit-after-calls", "2"]])
  func endsByItself(flags: [String]) async throws {
    let (_, client, _) = try await WorkerHarness.ready(flags)
    let sleeping = client.call("sleep", #"{"ms":60000}"#)
    client.call("echo")
    #expect(try await client.answer(sleeping).failure == "unknown/upstream_died")
    #expect(await eventually { client.notifications(WorkerMethod.ended).count == 1 })
    #expect(try await client.answer(client.call("echo")).failure == "not_sent/not_ready")
  }

  // MARK: Output

  @Test(arguments: [["--garbage", "3"], ["--bom"], ["--crlf"], ["--bom", "--crlf", "--garbage", "1"]])
  func strayOutput(flags: [String]) async throws {
    let (_, client, session) = try await WorkerHarness.ready(flags)
    #expect(session.listErrors.isEmpty)
    #expect(try await client.answer(client.call("echo", #"{"a":"\u00e9"}"#)).text == #"{"a":"\u00e9"}"#)
    if flags.contains("--garbage") { #expect(await eventually { !client.log.lines.isEmpty }) }
  }

  @Test func aFloodOnStderrIsBounded() async throws {
    let (_, client, _) = try await WorkerHarness.ready(["--flood-stderr", "4000000"])
    #expect(try await client.answer(client.call("echo")).text == "{}")
    #expect(await eventually { client.log.dropped > 0 })
    for batch in client.notifications(WorkerMethod.log) {
      #expect((batch?.member("lines")?.strings.count ?? 0) <= 200)
    }
  }

  // MARK: Lists

  @Test(arguments: ["legacy", "modern"])
  func thirtyPages(era: String) async throws {
    let (_, client, session) = try await WorkerHarness.ready(["--era", era, "--pages", "30"], era: nil)
    #expect(session.listErrors.isEmpty)
    let tools = try #require(try await client.request(WorkerMethod.readCatalog).result?.member("tools"))
    let names = tools.elements.compactMap { $0.member("name")?.string }
    #expect(names.count { $0.hasPrefix("page") } == 290 && names.last == "page30_10")
  }

  @Test func oddCursors() async throws {
    let (_, client, session) = try await WorkerHarness.ready(["--empty-cursor", "--cursor-loop", "--pages", "3"])
    #expect(session.listErrors.first?.contains("repeats a cursor") == true)
    let tools = try #require(try await client.request(WorkerMethod.readCatalog).result?.member("tools"))
    #expect(tools.elements.contains { $0.member("name")?.string == "page3_10" })
  }

  @Test(arguments: ["legacy", "modern"])
  func aChangedListIsReadAgain(era: String) async throws {
    let (_, client, session) = try await WorkerHarness.ready(["--era", era], era: nil)
    _ = try await client.answer(client.call("add_tool", #"{"name":"fresh"}"#))
    #expect(await eventually { !client.notifications(WorkerMethod.catalogChanged).isEmpty })
    let catalog = try #require(try await client.request(WorkerMethod.readCatalog).result)
    #expect(catalog.member("tools")?.elements.contains { $0.member("name")?.string == "fresh" } == true)
    #expect(catalog.member("hash")?.string != session.catalogHash)
  }

  @Test(arguments: [
    ["--template", "t://{a}"], ["--template", "t://{a}", "--era", "modern"],
    ["--template", "t://{a}", "--late-method", "resources/templates/list:2300"],
    ["--resources", "1", "--list-error", "resources/templates/list"],
    ["--resources", "1", "--late-method", "resources/templates/list:600000"],
  ])
  func templatesAreReadAndNotMissed(flags: [String]) async throws {
    let (_, client, session) = try await WorkerHarness.ready(flags, era: nil)
    #expect(session.listErrors.isEmpty, "a server need not have templates")
    let hasTemplate = flags.contains("--template")
    func names() async throws -> [String]? {
      try await client.request(WorkerMethod.readCatalog).result?.member("resourceTemplates")?.elements
        .compactMap { $0.member("uriTemplate")?.string }
    }
    if flags.contains(where: { $0.hasSuffix(":2300") }) {
      // Served without them, told when they come.
      #expect(try await names() == [])
      #expect(await eventually { !client.notifications(WorkerMethod.catalogChanged).isEmpty })
    }
    #expect(try await names() == (hasTemplate ? ["t://{a}"] : []))
    // A list that never comes does not keep others from being read again.
    _ = try await client.answer(client.call("add_tool", #"{"name":"fresh"}"#))
    #expect(await eventually { !client.notifications(WorkerMethod.catalogChanged).isEmpty })
  }

  @Test func aLargeAnswer() async throws {
    let (_, client, _) = try await WorkerHarness.ready()
    let answer = try await client.answer(client.call("big", #"{"bytes":8000000}"#))
    #expect(answer.text?.utf8.count == 8_000_000)
  }
}
