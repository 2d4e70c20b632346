import Protocol
import TestSupport
import Testing

/// Sessions and streams that are lost, and what is done about it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HTTPRecoveryTests {
  // MARK: Sessions

  @Test func aForgottenSessionIsOpenedAgainOnce() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http("--get", "200")
    #expect(try await client.answer(client.call("forget")).text == "forgotten")
    let calls = (0..<8).map { client.call("echo", #"{"n":\#($0)}"#) }
    for (number, call) in calls.enumerated() {
      #expect(try await client.answer(call).text == #"{"n":\#(number)}"#)
    }
    #expect(peer.entries("initialize").count == 2, "one for all of them")
    #expect(peer.entries("notifications/initialized").count == 2)
    #expect(await eventually { peer.entries("GET").count >= 2 }, "the stream belongs to the session")
    // Executed once each: the first attempts met nobody who knew the session.
    #expect(try await client.answer(client.call("count")).text == "\(1 + 8 + 1)")
    #expect(client.notifications(WorkerMethod.ended).isEmpty)
  }

  @Test func aRestartedServer() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http("--get", "200")
    #expect(try await client.answer(client.call("echo")).text == "{}")
    let next = try await peer.restarted("--get", "200")
    #expect(try await client.answer(client.call("echo", #"{"a":2}"#)).text == #"{"a":2}"#)
    #expect(next.entries("initialize").count == 2 && client.notifications(WorkerMethod.ended).isEmpty)
  }

  /// Servers of the field say 400 in place of 404.
  @Test func aRestartedServerThatSays400() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http()
    let next = try await peer.restarted("--unknown", "400")
    #expect(try await client.answer(client.call("count")).failure == "failed/http_status", "not sent again")
    #expect(await eventually { next.entries("notifications/initialized").count == 2 })
    #expect(try await client.answer(client.call("count")).text == "1")
    // The same by a liveness probe.
    let last = try await next.restarted("--unknown", "400")
    #expect(try await client.request(WorkerMethod.probe).result != nil)
    #expect(await eventually { last.entries("notifications/initialized").count == 3 })
    #expect(try await client.answer(client.call("count")).text == "1")
    // A 400 in a session that is well changes nothing.
    #expect(try await client.answer(client.call("status", #"{"code":400}"#)).failure == "failed/http_status")
    #expect(await eventually { last.entries("ping").count >= 2 })
    #expect(try await client.answer(client.call("echo")).text == "{}")
    #expect(last.entries("initialize").count == 3 && client.notifications(WorkerMethod.ended).isEmpty)
  }

  @Test func aStatelessServerMayBeRestartedUnnoticed() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http("--no-session")
    let next = try await peer.restarted("--no-session")
    #expect(try await client.answer(client.call("echo")).text == "{}")
    #expect(next.entries("initialize").count == 1)
  }

  @Test func aServerThatIsGone() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http()
    let running = client.call("sleep", #"{"ms":60000}"#)
    #expect(await eventually { peer.entries("tools/call").count == 1 })
    await peer.kill()
    #expect(try await client.answer(running).failure == "unknown/upstream_died")
    #expect(try await client.answer(client.call("echo")).failure == "not_sent/upstream_died")
    for _ in 0..<20 where client.notifications(WorkerMethod.ended).isEmpty {
      _ = try await client.answer(client.call("echo"))
      try await Task.sleep(for: .milliseconds(100))
    }
    let end = try #require(client.notifications(WorkerMethod.ended).first ?? nil)
    #expect(end.member("detail")?.string?.contains("cannot be reached") == true)
  }

  @Test func aSecondLossIsTheEndOfTheCall() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http("--on", "tools/call=404:3")
    let answer = try await client.answer(client.call("echo"))
    #expect(answer.failure == "failed/http_status" && answer.detail == "HTTP 404: refused as told")
    #expect(peer.entries("initialize").count == 2 && peer.entries("tools/call").count == 2)
    // It is known now that 404 says something else here: a ping finds the session well.
    #expect(try await client.answer(client.call("echo")).failure == "failed/http_status")
    #expect(await eventually { peer.entries("ping").count == 2 })
    #expect(try await client.answer(client.call("count")).text == "1", "the session goes on")
    #expect(peer.entries("initialize").count == 2 && client.notifications(WorkerMethod.ended).isEmpty)
  }

  @Test func aSessionThatCannotBeOpenedAgain() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http(
      "--on", "tools/call=404:1", "--on", "initialize@2=503:0:5")
    // It was not executed, and the next start has to wait.
    #expect(try await client.answer(client.call("echo")).failure == "not_sent/upstream_died")
    let end = try #require(client.notifications(WorkerMethod.ended).first ?? nil)
    #expect(end.member("detail")?.string == "answered HTTP 503: refused as told")
    #expect(end.member("retryAfterMs")?.int == 5000)
    #expect(peer.entries("tools/call").count == 1)
  }

  // MARK: Streams

  @Test(arguments: ["legacy", "modern"])
  func changesAreTold(era: String) async throws {
    let (peer, _, client, session) = try await WorkerHarness.http("--era", era, "--get", "200")
    let stream = era == "legacy" ? "GET" : "subscriptions/listen"
    #expect(await eventually { peer.entries(stream).count == 1 })
    #expect(try await client.answer(client.call("grow")).text == "grown")
    #expect(await eventually { client.notifications(WorkerMethod.catalogChanged).count == 1 })
    let hash = try await client.request(WorkerMethod.readCatalog).result?.member("hash")?.string
    #expect(hash != session.catalogHash)
  }

  @Test func aPingOnTheStreamIsAnswered() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http("--get", "200", "--ping")
    #expect(await eventually { peer.entries("answer").count == 1 })
    #expect(peer.first("answer")?.text("answer")?.hasPrefix("g") == true)
    client.close()
  }

  @Test func aStreamThatEndsIsOpenedAgain() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http("--get", "200", "--get-life", "0.1")
    #expect(await eventually { peer.entries("GET").count == 2 })
    // Nothing on it had an id: changes may have been missed.
    #expect(await eventually { peer.entries("tools/list").count == 2 })
    #expect(client.notifications(WorkerMethod.catalogChanged).isEmpty, "there was none")
  }

  // MARK: Answers that break off

  @Test(arguments: [
    #"{"cuts":1}"#, #"{"cuts":4}"#, #"{"cuts":1,"clean":true}"#, #"{"cuts":2,"prime":true,"clean":true}"#,
    #"{"cuts":1,"fail":[503,503,429]}"#,
  ])
  func anAnswerIsFetched(arguments: String) async throws {
    let (peer, _, client, _) = try await WorkerHarness.http()
    #expect(try await client.answer(client.call("resume", arguments)).text == "resumed")
    #expect(peer.entries("tools/call").count == 1, "asked once")
    let fetches = peer.entries("GET").compactMap { $0.field("last-event-id") }
    #expect(!fetches.isEmpty && fetches.allSatisfy { $0.contains("-") })
  }

  @Test(arguments: [#"{"fail":[503,503,503,503,503,503]}"#, #"{"fail":[404]}"#, #"{"fail":[400]}"#])
  func anAnswerThatCannotBeFetched(arguments: String) async throws {
    let (peer, _, client, _) = try await WorkerHarness.http()
    #expect(try await client.answer(client.call("resume", arguments)).failure == "unknown/upstream_died")
    #expect(peer.entries("tools/call").count == 1 && peer.entries("initialize").count == 1)
    #expect(try await client.answer(client.call("echo")).text == "{}")
  }

  @Test func theServerSaysHowLongToWait() async throws {
    let (_, _, client, _) = try await WorkerHarness.http()
    let start = ContinuousClock.now
    #expect(try await client.answer(client.call("resume", #"{"retry":700}"#)).text == "resumed")
    #expect(ContinuousClock.now - start > .milliseconds(650))
  }

  @Test func aCallThatWaitsForItsAnswerCanBeCancelled() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http()
    let call = client.call("resume", #"{"retry":60000}"#)
    #expect(await eventually { peer.entries("tools/call").count == 1 })
    client.cancel(call)
    #expect(try await client.answer(call).failure == "unknown/cancelled")
    #expect(await eventually { peer.entries("notifications/cancelled").count == 1 })
  }

  // MARK: Lists

  @Test func aListThatMeetsAnOutageIsReadAgainLater() async throws {
    let (peer, _, client, _) = try await WorkerHarness.http("--get", "200")
    #expect(await eventually { peer.entries("GET").count == 1 })
    // The stream was lost with its server; the next one is overloaded when it is asked for its lists.
    let next = try await peer.restarted("--get", "200", "--on", "tools/list=503:1:1")
    _ = try await client.answer(client.call("grow"))
    #expect(await eventually { next.entries("tools/list").count >= 3 })
    let refused = next.entries("tools/list").count
    #expect(refused < 8, "not one after the other")
    #expect(client.notifications(WorkerMethod.ended).isEmpty)
  }
}
