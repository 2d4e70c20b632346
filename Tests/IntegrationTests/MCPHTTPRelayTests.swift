import Glibc
import Protocol
import Testing

/// What servers tell beside answers, over HTTP.
@Suite("MCP over HTTP: beside answers", .timeLimit(.minutes(5)))
struct MCPHTTPRelayTests {
  private static let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])

  @Test(
    "progress comes before the answer, and makes it a stream", arguments: ["2025-03-26", "2025-11-25", "2026-07-28"])
  func progress(revision: String) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      let parameters =
        #""name":"capability_call","arguments":{"capability_id":"fake.progress","args":{"steps":3,"ms":20}}"#
      if revision == "2026-07-28" {
        let meta = MCPHTTPClient.meta.dropLast() + #","progressToken":"t"}"#
        let body = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{\#(parameters),\#(meta)}}"#
        let headers = MCPHTTPClient.modern(1, "tools/call", name: "capability_call").1
        #expect(try client.post(body, headers).header("content-type") == "text/event-stream")
      } else {
        try client.open(revision)
        let body =
          #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{\#(parameters),"_meta":{"progressToken":"t"}}}"#
        #expect(try client.post(body).header("content-type") == "text/event-stream")
      }
      var values: [Double] = []
      while let message = try client.message() {
        guard message.member("method")?.string == "notifications/progress" else {
          #expect(message.member("id")?.int == 1)
          break
        }
        #expect(message.member("params")?.member("progressToken")?.string == "t")
        values.append(message.member("params")?.member("progress")?.double ?? -1)
      }
      #expect(values == [1, 2, 3])
      #expect(try client.event() == nil)
    }
  }

  @Test("a stream that is fetched anew can be fetched from each of its places")
  func places() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--resources", "3", "--subscribe")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      let uris = (1...3).map { "fake://resource/\($0)" }
      for (id, uri) in uris.enumerated() {
        let subscribe = #"{"jsonrpc":"2.0","id":\#(id),"method":"resources/subscribe","params":{"uri":"\#(uri)"}}"#
        #expect(try client.post(subscribe).json.member("result") != nil)
      }
      let stream = "Accept: text/event-stream"
      let first = try { () throws -> String in
        let leaving = try MCPHTTPClient(client, port: daemon.port)
        #expect(try leaving.request("GET", [stream]).status == 200)
        let place = try leaving.primingID()
        for (id, uri) in uris.enumerated() {
          try client.post(MCPHTTPClient.call(10 + id, "fake.touch", #"{"uri":"\#(uri)"}"#))
          #expect(try leaving.message()?.member("params")?.member("uri")?.string == uri)
        }
        return place
      }()
      // The messages that follow a place, and the places that they are.
      func rest(after place: String) throws -> [MCPHTTPClient.Event] {
        let back = try MCPHTTPClient(client, port: daemon.port)
        #expect(try back.request("GET", [stream, "Last-Event-ID: \(place)"]).status == 200)
        var events: [MCPHTTPClient.Event] = []
        while let event = try back.event(), !event.data.isEmpty { events.append(event) }
        return events
      }
      let all = try rest(after: first)
      #expect(all.map { $0.json.member("params")?.member("uri")?.string } == uris)
      for (index, event) in all.enumerated() {
        let place = try #require(event.id)
        #expect(try rest(after: place) == Array(all.dropFirst(index + 1)), "after \(place)")
      }
    }
  }

  @Test("subscriptions of a session survive the daemon")
  func interests() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal", "--resources", "1", "--subscribe")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPHTTPClient(daemon)
      try client.open()
      let uri = "fake://resource/1"
      let subscribe = #"{"jsonrpc":"2.0","id":2,"method":"resources/subscribe","params":{"uri":"\#(uri)"}}"#
      #expect(try client.post(subscribe).json.member("result") != nil)
      try daemon.waitForLines(with: "resources/subscribe", in: "journal")
      try AdoptionTests.replace(daemon, .handedOver)
      try daemon.wait(for: "fake")
      let back = try MCPHTTPClient(client, port: daemon.port)
      #expect(try back.request("GET", ["Accept: text/event-stream"]).status == 200)
      let caller = try MCPHTTPClient(client, port: daemon.port)
      #expect(try caller.post(MCPHTTPClient.call(3, "fake.touch", #"{"uri":"\#(uri)"}"#)).status == 200)
      var update = try back.message()
      // First it is told to look at the lists, too.
      while update?.member("method")?.string?.hasSuffix("list_changed") == true { update = try back.message() }
      #expect(update?.member("method")?.string == "notifications/resources/updated")
      #expect(update?.member("params")?.member("uri")?.string == uri)
      #expect(daemon.lines(of: "journal").count { $0.contains(#"resources/subscribe"#) } == 1, "asked once")
    }
  }
}
