import Protocol
import TestSupport
import Testing

/// Sessions over HTTP with a peer that keeps the rules.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HTTPSessionTests {
  @Test(arguments: ["json", "sse"])
  func aLegacySession(answers: String) async throws {
    let (peer, _, client, session) = try await WorkerHarness.http("--answers", answers)
    #expect(session.revision == .november2025 && session.pid == nil && session.listErrors.isEmpty)
    #expect(!client.notifications(WorkerMethod.answered).isEmpty)
    let arguments = #"{"b":12345678901234567890,"a":1.5}"#
    #expect(try await client.answer(client.call("echo", arguments)).text == arguments)
    let requests = peer.journal
    try #require(peer.sequence.prefix(3) == ["server/discover", "initialize", "notifications/initialized"])
    #expect(requests[0].field("mcp-protocol-version") == "2026-07-28")
    #expect(requests[0].field("mcp-method") == "server/discover")
    #expect(requests[1].field("mcp-protocol-version") == nil && requests[1].field("mcp-session-id") == nil)
    #expect(peer.entries("left").isEmpty, "the connection is used again")
    for request in requests.dropFirst(2) {
      #expect(request.field("mcp-protocol-version") == "2025-11-25", "\(request.what)")
      #expect(request.field("mcp-session-id")?.hasPrefix("secret-session") == true, "\(request.what)")
      #expect(request.field("mcp-method") == nil)
    }
    #expect(await eventually { peer.entries("GET").count == 1 })
    #expect(peer.first("GET")?.field("accept") == "text/event-stream")
    #expect(peer.first("tools/call")?.field("accept") == "application/json, text/event-stream")
    #expect(peer.first("tools/call")?.field("content-type") == "application/json")
    #expect(try await client.request(WorkerMethod.shutdown).result != nil)
    #expect(await eventually { peer.entries("DELETE").count == 1 })
    #expect(peer.first("DELETE")?.field("mcp-session-id")?.hasPrefix("secret-session") == true)
  }

  @Test(arguments: ["json", "sse"])
  func aModernSession(answers: String) async throws {
    let (peer, _, client, session) = try await WorkerHarness.http("--era", "modern", "--answers", answers)
    #expect(session.revision == .july2026)
    #expect(try await client.answer(client.call("echo", #"{"a":1}"#)).text == #"{"a":1}"#)
    #expect(await eventually { peer.entries("subscriptions/listen").count == 1 })
    _ = try await client.request(WorkerMethod.shutdown)
    #expect(peer.journal.allSatisfy { $0.text("method") ?? "POST" == "POST" }, "no GET, no DELETE")
    for request in peer.journal where request.text("event") == nil {
      #expect(request.field("mcp-method") == request.what && request.field("mcp-protocol-version") == "2026-07-28")
    }
    #expect(peer.first("tools/call")?.field("mcp-name") == "echo")
    #expect(peer.first("tools/list")?.field("mcp-name") == nil)
  }

  @Test func theTwoEndpointsOf2024() async throws {
    let (peer, _, client, session) = try await WorkerHarness.http(
      "--era", "old", "--version", "2024-11-05", launch: { HTTPLaunch(url: $0.url("/sse")) })
    #expect(session.revision == .november2024)
    #expect(peer.sequence.prefix(4) == ["server/discover", "initialize", "GET", "initialize"])
    #expect(peer.entries("initialize")[1].text("target") == "/messages?session=1")
    let answers = try await [client.call("echo", #"{"a":1}"#), client.call("sleep", #"{"ms":10}"#)].asyncMap {
      try await client.answer($0).text
    }
    #expect(answers == [#"{"a":1}"#, "slept"])
    let sleeping = client.call("sleep", #"{"ms":60000}"#)
    #expect(await eventually { peer.entries("tools/call").count == 3 })
    client.cancel(sleeping)
    #expect(try await client.answer(sleeping).failure == "unknown/cancelled")
    #expect(await eventually { peer.entries("notifications/cancelled").count == 1 })
    // The loss of the stream is the loss of the session.
    let lost = client.call("drop")
    #expect(try await client.answer(lost).failure == "unknown/upstream_died")
    #expect(await eventually { client.notifications(WorkerMethod.ended).count == 1 })
    #expect(client.notifications(WorkerMethod.ended).first??.member("detail")?.string == "closed its event stream")
  }

  @Test func anEndpointElsewhereIsNotFollowed() async throws {
    let elsewhere = try await MCPPeer.start()
    let peer = try await MCPPeer.start("--era", "old", "--endpoint", elsewhere.url("/messages"))
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    await #expect(throws: TestFailure.self) {
      try await client.start(harness.launch(HTTPLaunch(url: peer.url(), credentials: .fixed("Bearer sesame"))))
    }
    #expect(elsewhere.journal.isEmpty)
  }

  // MARK: Configuration

  @Test func configuredHeadersAndCredentials() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http("--token", "Bearer sesame-street") {
      HTTPLaunch(
        url: $0.url("/mcp?key=1"),
        headers: [
          HTTPLaunch.HeaderField("X-Team", "blue"), HTTPLaunch.HeaderField("Authorization", "Bearer other"),
          HTTPLaunch.HeaderField("accept", "text/plain"), HTTPLaunch.HeaderField("MCP-Session-ID", "mine"),
          HTTPLaunch.HeaderField("Mcp-Param-X", "mine"),
        ], credentials: .fixed("Bearer sesame-street"))
    }
    _ = try await client.answer(client.call("echo"))
    for request in peer.journal {
      #expect(request.field("x-team") == "blue" && request.text("target") == "/mcp?key=1", "\(request.what)")
      #expect(request.field("authorization") == "Bearer sesame-street", "\(request.what)")
      #expect(request.field("accept")?.contains("text/event-stream") == true && request.field("mcp-param-x") == nil)
      #expect(request.field("mcp-session-id") != "mine")
    }
  }

  @Test func aPinnedVersionIsProposedAndNothingIsProbed() async throws {
    let (peer, _, _, session) = try await WorkerHarness.http("--version", "2025-06-18") {
      HTTPLaunch(url: $0.url(), protocolVersion: .june2025)
    }
    #expect(session.revision == .june2025 && peer.sequence.first == "initialize")
    #expect(peer.first("tools/list")?.field("mcp-protocol-version") == "2025-06-18")
  }

  @Test func stateless() async throws {
    let (peer, _, client, session) = try await WorkerHarness.http("--no-session", "--get", "200")
    #expect(session.revision == .november2025)
    #expect(try await client.answer(client.call("echo")).text == "{}")
    #expect(await eventually { peer.entries("GET").count == 1 })
    _ = try await client.request(WorkerMethod.shutdown)
    #expect(peer.entries("DELETE").isEmpty && peer.journal.allSatisfy { $0.field("mcp-session-id") == nil })
  }

  @Test(arguments: [true, false])
  func allowStateless(allowed: Bool) async throws {
    let peer = try await MCPPeer.start(allowed ? [] : ["--no-session"])
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let launch = harness.launch(HTTPLaunch(url: peer.url(), allowStateless: allowed))
    if allowed {
      _ = try await client.start(launch)
      #expect(try await client.answer(client.call("echo")).text == "{}")
      _ = try await client.request(WorkerMethod.shutdown)
      #expect(peer.entries("GET").isEmpty && peer.entries("DELETE").isEmpty, "POST only")
      #expect(peer.first("tools/call")?.field("mcp-session-id") != nil, "echoed all the same")
    } else {
      let failure = try await client.request(WorkerMethod.start) { launch.write(to: &$0) }
      #expect(failure.errorMessage == "issued no session id, and allowStateless is false")
      #expect(peer.entries("server/discover").isEmpty)
    }
  }

  // MARK: Ends

  @Test func aSilentDeleteDoesNotHoldUpTheEnd() async throws {
    let (peer, harness, client, _) = try await WorkerHarness.http("--delete-late")
    let start = ContinuousClock.now
    _ = try await client.request(WorkerMethod.shutdown)
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(peer.entries("DELETE").count == 1)
    #expect(await eventually { harness.process.exitStatus != nil })
  }

  // MARK: Calls

  @Test func callsAreConcurrent() async throws {
    let (_, _, client, _) = try await WorkerHarness.http()
    let slow = client.call("sleep", #"{"ms":60000}"#)
    let calls = (0..<40).map { _ in client.call("sleep", #"{"ms":200}"#) }
    let start = ContinuousClock.now
    for call in calls { #expect(try await client.answer(call).text == "slept") }
    #expect(ContinuousClock.now - start < .seconds(6), "40 calls of 0.2 s each")
    client.cancel(slow)
    #expect(try await client.answer(slow).failure == "unknown/cancelled")
  }

  @Test(arguments: ["legacy", "modern"])
  func aCancelledCall(era: String) async throws {
    let (peer, _, client, _) = try await WorkerHarness.http("--era", era)
    let call = client.call("sleep", #"{"ms":60000}"#)
    #expect(await eventually { peer.entries("tools/call").count == 1 })
    let late = client.call("sleep", #"{"ms":60000}"#, timeout: 200)
    client.cancel(call)
    #expect(try await client.answer(call).failure == "unknown/cancelled")
    #expect(try await client.answer(late).failure == "unknown/timeout")
    #expect(await eventually { peer.entries("left").count == 2 }, "nobody reads on")
    if era == "legacy" {
      #expect(await eventually { peer.entries("notifications/cancelled").count == 2 })
      let ids = peer.entries("tools/call").compactMap { $0.slice.member("id")?.int }
      #expect(peer.entries("notifications/cancelled").compactMap { $0.slice.member("cancelled")?.int } == ids)
    } else {
      #expect(peer.entries("notifications/cancelled").isEmpty, "the closed answer says it")
    }
    #expect(try await client.answer(client.call("echo")).text == "{}")
  }

  @Test func progressAndQuestions() async throws {
    let (_, _, client, _) = try await WorkerHarness.http("--answers", "sse")
    let call = client.call("progress", progress: true)
    #expect(try await client.answer(call).text == "done")
    #expect(client.notifications(WorkerMethod.progress).count == 3)
    #expect(try await client.answer(client.call("ask")).text == "result -32601")
  }

  @Test func probes() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http("--on", "ping=429:1")
    #expect(try await client.request(WorkerMethod.probe).result != nil, "who refuses is alive")
    #expect(try await client.request(WorkerMethod.probe).result?.member("elapsedMs") != nil)
    #expect(peer.entries("ping").count == 2)
    await peer.kill()
    #expect(try await client.request(WorkerMethod.probe).errorMessage?.contains("cannot be reached") == true)
    // With the first one, enough is known.
    _ = try? await client.request(WorkerMethod.probe)
    #expect(await eventually { client.notifications(WorkerMethod.ended).count == 1 })
  }

  // MARK: Modern headers

  @Test func annotatedArgumentsGoIntoHeaders() async throws {
    let (peer, harness, client, session) = try await WorkerHarness.http("--era", "modern")
    #expect(session.listErrors.isEmpty)
    let answer = try await client.answer(
      client.call("header", #"{"region":"Zürich","limit":7,"deep":{"flag":true}}"#))
    #expect(
      answer.text
        == #"{"mcp-param-flag": "true", "mcp-param-limit": "7", "mcp-param-region": "=?base64?WsO8cmljaA==?=", "name": "header"}"#
    )
    let catalog = try await client.request(WorkerMethod.readCatalog).result
    let names = catalog?.member("tools")?.elements.compactMap { $0.member("name")?.string } ?? []
    #expect(names.contains("header") && !names.contains("crooked"))
    #expect(await eventually { client.log.lines.contains { $0.contains("tool crooked is left out") } })
    // CLI-15: the schema has changed.
    #expect(try await client.answer(client.call("picky", #"{"late":"now"}"#)).text == "now")
    #expect(peer.entries("tools/call").suffix(2).map { $0.field("mcp-param-late") } == [nil, "now"])
    // Once only: this one wants a header that was not given an argument.
    guard case .rejected(let error) = try await client.answer(client.call("picky")).outcome else {
      Issue.record("a second refusal is final")
      return
    }
    #expect(error.member("code")?.int == -32020)
    withExtendedLifetime(harness) {}
  }

  @Test func aVersionThatIsGoneEndsTheSession() async throws {
    let (_, _, client, _) = try await WorkerHarness.http("--era", "modern")
    #expect(try await client.answer(client.call("upgrade")).failure == "not_sent/upstream_died")
    #expect(await eventually { client.notifications(WorkerMethod.ended).count == 1 })
  }
}

extension Array {
  fileprivate func asyncMap<T>(_ body: (Element) async throws -> T) async rethrows -> [T] {
    var results: [T] = []
    for element in self { results.append(try await body(element)) }
    return results
  }
}
