import Protocol
import Testing

/// Completion, templates and subscriptions, by the names of each exposure.
@Suite("MCP: completion and subscriptions", .timeLimit(.minutes(5)))
struct MCPSubscriptionTests {
  // MARK: Completion

  @Test("completion by the names of each exposure", arguments: [RelayFixture.legacy, RelayFixture.modern])
  func completion(revision: String) async throws {
    let policy = ["policy": #"{"deny":["one.fake://resource/2"]}"#]
    try await DaemonFixture.run(RelayFixture.config(members: policy)) { daemon in
      try daemon.wait(for: "one")
      try daemon.wait(for: "plain")
      func complete(_ client: MCPClient, _ ref: String, _ more: String = "") throws -> MCPClient.Received {
        try client.request(
          "completion/complete", #"{"ref":\#(ref),"argument":{"name":"topic","value":"ab"}\#(more)}"#)
      }
      func values(_ answer: MCPClient.Received) -> [String]? {
        answer.result?.member("completion")?.member("values")?.strings
      }
      let compact = try MCPClient(daemon)
      try compact.open(revision)
      let expected = ["ab-1", "ab-2", "prompt_1", "no context"]
      #expect(values(try complete(compact, #"{"type":"ref/prompt","name":"prompt_1"}"#)) == expected)
      #expect(values(try complete(compact, #"{"type":"ref/prompt","name":"one.prompt_1"}"#)) == expected)
      let context = #","context":{"arguments":{"x":"1.0"}}"#
      #expect(
        values(try complete(compact, #"{"type":"ref/resource","uri":"fake://item/{id}"}"#, context))
          == ["ab-1", "ab-2", "fake://item/{id}", #"{"arguments":{"x":"1.0"}}"#])
      #expect(values(try complete(compact, #"{"type":"ref/prompt","name":"plain.prompt_1"}"#)) == [], "it has none")
      #expect(try complete(compact, #"{"type":"ref/prompt","name":"nix"}"#).code == -32602)
      let denied = try complete(compact, #"{"type":"ref/resource","uri":"fake://resource/2"}"#)
      #expect(denied.code != nil && denied.result == nil, "\(denied.message)")
      for params in [
        "{}", #"{"ref":{"type":"ref/tool","name":"x"},"argument":{"name":"a","value":"b"}}"#,
        #"{"ref":{"type":"ref/prompt","name":"prompt_1"},"argument":{"name":"a"}}"#,
      ] { #expect(try compact.request("completion/complete", params).code == -32602, "\(params)") }
      try compact.finish()
      let full = try MCPClient(daemon, "--exposure", "full")
      try full.open(revision)
      #expect(values(try complete(full, #"{"type":"ref/prompt","name":"one__prompt_1"}"#)) == expected)
      #expect(try complete(full, #"{"type":"ref/prompt","name":"prompt_1"}"#).code == -32602)
      try full.finish()
      let direct = try MCPClient(daemon, "--server", "plain", "--exposure", "direct")
      try direct.open(revision)
      #expect(try complete(direct, #"{"type":"ref/prompt","name":"prompt_1"}"#).code == -32601, "its own error")
      try direct.finish()
      let scoped = try MCPClient(daemon, "--server", "plain")
      try scoped.open(revision)
      #expect(try complete(scoped, #"{"type":"ref/prompt","name":"one.prompt_1"}"#).code == -32602, "hidden")
      try scoped.finish()
    }
  }

  @Test("resource templates are listed, and their URIs read", arguments: [RelayFixture.legacy, RelayFixture.modern])
  func templates(revision: String) async throws {
    try await DaemonFixture.run(RelayFixture.config(members: ["profiles": #"{"none":{"deny":["one.fake://item/*"]}}"#]))
    {
      daemon in
      try daemon.wait(for: "one")
      for (flag, value) in [
        ("--exposure", "compact"), ("--exposure", "full"), ("--server", "one"), ("--profile", "none"),
      ] {
        let client = try MCPClient(daemon, flag, value)
        try client.open(revision)
        let list = try client.request("resources/templates/list").result?.member("resourceTemplates")
        let templates = list?.elements.compactMap { $0.member("uriTemplate")?.string }
        #expect(templates == (value == "none" ? [] : ["fake://item/{id}"]), "\(value)")
        if value != "none" {
          #expect(try client.request("resources/read", #"{"uri":"fake://item/7"}"#).result != nil, "\(value)")
        }
        #expect(try client.request("resources/templates/list", #"{"cursor":"x"}"#).code == -32602)
        try client.finish()
      }
    }
  }

  // MARK: Subscriptions

  @Test("subscriptions are counted, and ended with their last client", arguments: ["legacy", "modern"])
  func subscriptions(era: String) async throws {
    try await DaemonFixture.run(RelayFixture.config(era)) { daemon in
      try daemon.wait(for: "one")
      let (first, second) = (try MCPClient(daemon), try MCPClient(daemon, "--exposure", "full"))
      #expect(
        try first.open(RelayFixture.legacy).result?.member("capabilities")?.member("resources")?.member("subscribe")?
          .bool
          == true)
      try second.open(RelayFixture.legacy)
      let own = "fake://resource/1"
      let full = "warmplane://one/fake%3A%2F%2Fresource%2F1"
      #expect(try first.request("resources/subscribe", #"{"uri":"\#(own)"}"#).result?.json == "{}")
      #expect(try first.request("resources/subscribe", #"{"uri":"\#(own)"}"#).result?.json == "{}")
      #expect(try second.request("resources/subscribe", #"{"uri":"\#(full)"}"#).result?.json == "{}")
      #expect(try first.request("resources/subscribe", #"{"uri":"fake://nix/1"}"#).code == -32002)
      #expect(try first.request("resources/subscribe", "{}").code == -32602)
      try daemon.waitForLines(with: own, in: "one")
      func touch(_ arguments: String) throws { _ = try first.callCapability("one.touch", arguments) }
      // The worker's wish and the call go to the server one behind the other.
      try touch(#"{"uri":"\#(own)"}"#)
      #expect(
        try first.notification("notifications/resources/updated").message.member("params")?.member("uri")?.string == own
      )
      #expect(
        try second.notification("notifications/resources/updated").message.member("params")?.member("uri")?.string
          == full)
      try touch(#"{"uri":"\#(own)","as":"\#(own)#part"}"#)
      #expect(
        try second.notification("notifications/resources/updated").message.member("params")?.member("uri")?.string
          == full + "%23part")
      _ = try second.request("resources/unsubscribe", #"{"uri":"\#(full)"}"#)
      try touch(#"{"uri":"\#(own)"}"#)
      try RelayFixture.settle(second, RelayFixture.legacy)
      #expect(RelayFixture.notes(second, "notifications/resources/updated").count == 2)
      #expect(RelayFixture.received(daemon, "resources/unsubscribe") == 0, "the other one still wants to know")
      try first.finish()
      try daemon.waitForLines(
        with: era == "legacy" ? "resources/unsubscribe" : #""requestId":"listen-2""#, in: "one")
      try second.finish()
    }
  }

  @Test("subscriptions/listen names the resources that are honoured", arguments: ["legacy", "modern"])
  func listen(era: String) async throws {
    try await DaemonFixture.run(RelayFixture.config(era)) { daemon in
      try daemon.wait(for: "one")
      let client = try MCPClient(daemon)
      try client.open(RelayFixture.modern)
      let id = try client.start(
        "subscriptions/listen",
        #"{"notifications":{"resourceSubscriptions":["fake://resource/1","fake://nix","one.fake://resource/2"],"#
          + #""promptsListChanged":true}}"#, id: #""sub""#)
      let acknowledged = try client.notification("notifications/subscriptions/acknowledged").message.member("params")
      #expect(
        acknowledged?.member("notifications")?.member("resourceSubscriptions")?.strings
          == ["fake://resource/1", "one.fake://resource/2"], "\(acknowledged?.json ?? "")")
      try daemon.waitForLines(with: "fake://resource/2", in: "one")
      _ = try client.callCapability("one.touch", #"{"uri":"fake://resource/2"}"#)
      let updated = try client.notification("notifications/resources/updated").message.member("params")
      #expect(updated?.member("uri")?.string == "one.fake://resource/2")
      #expect(updated?.member("_meta")?.member("io.modelcontextprotocol/subscriptionId")?.string == "sub")
      try client.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#)
      try daemon.waitForLines(
        with: era == "legacy" ? "resources/unsubscribe" : #""requestId":"listen-2""#, in: "one")
      try client.finish()
    }
  }

  // MARK: The next daemon

  @Test(
    "the next daemon knows what its clients want to hear, and they do not notice",
    arguments: [RelayFixture.legacy, RelayFixture.modern])
  func nextDaemon(revision: String) async throws {
    try await DaemonFixture.run(RelayFixture.config()) { daemon in
      try daemon.wait(for: "one")
      let client = try MCPClient(daemon, "--no-start", "--exposure", "full")
      try client.open(revision)
      let uri = "warmplane://one/fake%3A%2F%2Fresource%2F1"
      if revision == RelayFixture.modern {
        try client.start(
          "subscriptions/listen", #"{"notifications":{"resourceSubscriptions":["\#(uri)"]}}"#, id: #""sub""#)
        try client.notification("notifications/subscriptions/acknowledged")
      } else {
        _ = try client.request("logging/setLevel", #"{"level":"debug"}"#)
        _ = try client.request("resources/subscribe", #"{"uri":"\#(uri)"}"#)
      }
      try daemon.waitForLines(with: "resources/subscribe", in: "one")
      let meta = revision == RelayFixture.modern ? #","progressToken":"p""# : ""
      let call = #"{"name":"one__progress","arguments":{"steps":400,"ms":10}"#
      let slow = try client.start(
        "tools/call", revision == RelayFixture.modern ? call + "}" : call + #","_meta":{"progressToken":"p"}}"#,
        meta: meta)
      try client.notification("notifications/progress")
      try AdoptionTests.replace(daemon, .killed)
      let before = client.received.count
      _ = try client.request("tools/call", #"{"name":"one__touch","arguments":{"uri":"fake://resource/1"}}"#)
      let updated = try client.notification("notifications/resources/updated").message.member("params")
      #expect(updated?.member("uri")?.string == uri)
      _ = try client.request("tools/call", #"{"name":"one__log","arguments":{"level":"debug","data":1}}"#)
      if revision != RelayFixture.modern { try client.notification("notifications/message") }
      #expect(try client.answer(slow).isError != true)
      let progress = client.received[before...].filter { $0.notification == "notifications/progress" }
      #expect(progress.count > 10 && progress.last?.message.member("params")?.member("progress")?.int == 400)
      #expect(
        RelayFixture.received(daemon, "resources/subscribe") == 1 && RelayFixture.received(daemon, "unsubscribe") == 0)
      #expect(RelayFixture.received(daemon, "setLevel") == (revision == RelayFixture.modern ? 0 : 1))
      #expect(RelayFixture.received(daemon, #""name":"progress""#) == 1, "nothing ran twice")
      #expect(client.received.allSatisfy { $0.message.member("id")?.string?.hasPrefix("warmplane") != true })
      try client.finish()
    }
  }
}
