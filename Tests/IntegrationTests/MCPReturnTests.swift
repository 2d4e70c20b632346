import Glibc
import Protocol
import Testing

/// What clients say while there is no daemon, and what they miss, is made good by the next one.
@Suite("MCP: between two daemons", .timeLimit(.minutes(5)))
struct MCPReturnTests {
  private static let config = DaemonConfig(
    servers: [.fake("fake", "--journal", "journal")], members: ["toolTimeoutMs": "120000"])
  private static let stream = "Accept: text/event-stream"
  private static let cancellation = "notifications/cancelled"

  // MARK: Cancellations

  @Test("a session cancels, or ends, before it has come back for its answer", arguments: ["cancel", "delete"])
  func cancelledBySession(how: String) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      #expect(try client.post(MCPHTTPClient.call(7, "fake.sleep", #"{"ms":100000}"#)).status == 200)
      let place = try client.primingID()
      try daemon.waitForLines(with: #""sleep""#, in: "journal")
      try AdoptionTests.replace(daemon, .killed)
      let back = try MCPHTTPClient(client, port: daemon.port)
      if how == "cancel" {
        let message = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#
        #expect(try back.post(message).status == 202)
      } else {
        #expect(try back.request("DELETE").status == 200)
      }
      try daemon.waitForLines(with: Self.cancellation, in: "journal")
      guard how == "cancel" else { return }
      #expect(try back.request("GET", [Self.stream, "Last-Event-ID: \(place)"]).status == 200)
      #expect(try back.message()?.member("error")?.member("data")?.member("reason")?.string == "outcome_unknown")
    }
  }

  @Test("what nobody can come back for is cancelled", arguments: AdoptionTests.End.allCases)
  func nobodyReturns(end: AdoptionTests.End) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let modern = try MCPHTTPClient(daemon)
      let (body, headers) = MCPHTTPClient.modern(
        1, "tools/call", #""name":"capability_call","arguments":{"capability_id":"fake.sleep","args":{"ms":100000}}"#,
        name: "capability_call")
      try modern.begin(body, headers)
      let plain = try daemon.begin("fake.sleep", #"{"ms":100000}"#)
      try daemon.waitForLines(2, with: #""sleep""#, in: "journal")
      try AdoptionTests.replace(daemon, end)
      try daemon.waitForLines(2, with: Self.cancellation, in: "journal")
      withExtendedLifetime((modern, plain)) {}
    }
  }

  @Test("a bridge cancels while there is no daemon, or ends soon after", arguments: ["cancel", "end"])
  func cancelledByBridge(how: String) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2025-11-25")
      let call = #"{"name":"capability_call","arguments":{"capability_id":"fake.sleep","args":{"ms":100000}}}"#
      let id = try client.start("tools/call", call)
      try daemon.waitForLines(with: #""sleep""#, in: "journal")
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      if how == "cancel" {
        try client.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#)
      } else {
        try client.closeInput()
      }
      try daemon.start()
      try daemon.waitForLines(with: Self.cancellation, in: "journal")
      if how == "cancel" {
        _ = try client.request("ping")
        try client.finish()
      }
    }
  }

  // MARK: Changes

  @Test("a bridge's client is told to look again", arguments: [RelayFixture.legacy, RelayFixture.modern])
  func bridgeMissesChanges(revision: String) async throws {
    try await DaemonFixture.run(RelayFixture.config()) { daemon in
      try daemon.wait(for: "one")
      let client = try MCPClient(daemon, "--no-start", "--server", "one", "--exposure", "direct")
      try client.open(revision)
      let uri = "fake://resource/1"
      if revision == RelayFixture.legacy {
        _ = try client.request("resources/subscribe", #"{"uri":"\#(uri)"}"#)
      } else {
        _ = try client.start(
          "subscriptions/listen", #"{"notifications":{"toolsListChanged":true,"resourceSubscriptions":["\#(uri)"]}}"#)
        _ = try client.notification("notifications/subscriptions/acknowledged")
      }
      try daemon.waitForLines(with: "resources/subscribe", in: "one")
      try AdoptionTests.replace(daemon, .killed)
      _ = try client.notification("notifications/tools/list_changed")
      let updated = try client.notification("notifications/resources/updated")
      #expect(updated.message.member("params")?.member("uri")?.string == uri)
      let acknowledgements = client.received.count { $0.notification == "notifications/subscriptions/acknowledged" }
      #expect(acknowledgements == (revision == RelayFixture.legacy ? 0 : 1), "nothing of the repetition shows")
      try client.finish()
    }
  }

  @Test("a session's client is told to look again, with and without an event's id", arguments: [true, false])
  func sessionMissesChanges(hasPlace: Bool) async throws {
    try await DaemonFixture.run(RelayFixture.config()) { daemon in
      try daemon.wait(for: "one")
      let client = try MCPHTTPClient(daemon, path: "/mcp/one?exposure=direct")
      try client.open()
      let subscription =
        #"{"jsonrpc":"2.0","id":3,"method":"resources/subscribe","params":{"uri":"fake://resource/1"}}"#
      #expect(try client.post(subscription).status == 200)
      let standing = try MCPHTTPClient(client, port: daemon.port)
      #expect(try standing.request("GET", [Self.stream]).status == 200)
      let place = try standing.primingID()
      try AdoptionTests.replace(daemon, .killed)
      let back = try MCPHTTPClient(client, port: daemon.port)
      let headers = hasPlace ? [Self.stream, "Last-Event-ID: \(place)"] : [Self.stream]
      #expect(try back.request("GET", headers).status == 200)
      var told: Set<String> = []
      while !told.isSuperset(of: ["notifications/tools/list_changed", "notifications/resources/updated"]) {
        told.insert(try #require(try back.message()?.member("method")?.string))
      }
    }
  }
}
