import Foundation
import Glibc
import Protocol
import Testing

/// Idempotency keys while the daemon lives (contract §10): carried out once, answered as often as asked.
@Suite("idempotency keys", .timeLimit(.minutes(5)))
struct IdempotencyTests {
  static func header(_ key: String) -> [String] { ["Idempotency-Key: \(key)"] }

  /// The names of the tools that an upstream was asked for.
  static func calls(_ daemon: DaemonFixture, _ journal: String = "journal") -> Int {
    daemon.lines(of: journal).count { $0.contains(#""method":"tools/call""#) }
  }

  @Test("whichever surface asks again, the first outcome comes back")
  func surfaces() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal", "--resources", "1", "--prompts", "1")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let http = try daemon.http()
      let first = try http.call("fake.count", requestID: #""r1""#, headers: Self.header("k 1"))
      #expect(first.content == "1" && !first.isDeduplicated, "\(first.text)")
      let second = try http.call("fake.count", " { } ", requestID: #""r2""#, headers: ["X-Idempotency-Key: k 1"])
      #expect(second.status == 200 && second.content == "1" && second.isDeduplicated, "\(second.head)\(second.text)")
      #expect(second.json.member("request_id")?.string == "r2")
      #expect(second.traceID != first.traceID)
      #expect(!second.text.contains("dedup"))
      let third = try http.post(
        "/v1/tools/call", #"{"capability_id":"fake.count","args":{},"idempotency_key":"k 1"}"#,
        headers: Self.header(#""k 1""#))
      #expect(third.content == "1" && third.isDeduplicated)

      let command = try daemon.runWarmplane([
        "call-capability", "fake.count", "--idempotency-key", "k 1", "--config", daemon.configPath,
      ])
      #expect(command.output.contains(#""text":"1""#), "\(command)")
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2025-11-25")
      let tool = try client.request(
        "tools/call",
        #"{"name":"capability_call","arguments":{"capability_id":"fake.count","args":{},"idempotency_key":"k 1"}}"#)
      #expect(tool.text?.contains(#""text":"1""#) == true, "\(tool.text ?? "")")
      try client.finish()
      #expect(Self.calls(daemon) == 1)

      // Without a key, and with another, it is another call.
      #expect(try http.call("fake.count").content == "2")
      #expect(try http.call("fake.count").content == "3")
      let other = try http.call("fake.count", headers: Self.header("K 1"))
      #expect(other.content == "4" && !other.isDeduplicated)

      for body in [
        #"{"resource_id":"fake.fake://resource/1","idempotency_key":"r"}"#,
        #"{"resource_id":"fake.fake://resource/1","idempotency_key":"r","request_id":null}"#,
      ] { #expect(try http.post("/v1/resources/read", body).status == 200) }
      #expect(daemon.lines(of: "journal").count { $0.contains("resources/read") } == 1)
      let prompt = #"{"prompt_id":"fake.prompt_1","arguments":{"topic":"x"},"idempotency_key":"p"}"#
      let prompts = try (0..<2).map { _ in try http.post("/v1/prompts/get", prompt) }
      #expect(prompts.map(\.isDeduplicated) == [false, true], "\(prompts[1].text)")
      #expect(daemon.lines(of: "journal").count { $0.contains("prompts/get") } == 1)
    }
  }

  @Test("a key that stands for something else is refused")
  func reused() async throws {
    let config = DaemonConfig(
      servers: [.fake("fake", "--journal", "journal")], members: ["policy": #"{"deny": ["fake.env"]}"#])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let http = try daemon.http()
      #expect(try http.call("fake.echo", #"{"a":1}"#, headers: Self.header("k")).status == 200)
      for (id, arguments) in [("fake.echo", #"{"a":2}"#), ("fake.count", #"{"a":1}"#), ("fake.nothing", "{}")] {
        let answer = try http.call(id, arguments, headers: Self.header("k"))
        #expect(answer.status == 409 && answer.code == "INVALID_ARGS", "\(answer.text)")
        #expect(answer.reason == "idempotency_key_reused" && answer.isRetryable == false)
        #expect(answer.retry == "safe not_started" && !answer.isDeduplicated)
      }
      #expect(try http.call("fake.env", headers: Self.header("k")).reason == "policy_denied")
      for (headers, body) in [
        ([""], #","idempotency_key":7"#), ([""], #","idempotency_key":"""#),
        (["Idempotency-Key: a"], #","idempotency_key":"b""#), (["Idempotency-Key: a", "X-Idempotency-Key: b"], ""),
        (["Idempotency-Key: a", "Idempotency-Key: a"], ""),
        (["Idempotency-Key: \(String(repeating: "k", count: 256))"], ""),
      ] {
        let body = #"{"capability_id":"fake.count","args":{},"request_id":"r"\#(body)}"#
        let answer = try http.post("/v1/tools/call", body, headers: headers.filter { !$0.isEmpty })
        #expect(answer.status == 400 && answer.reason == "invalid_field", "\(headers) \(body): \(answer.text)")
        #expect(answer.json.member("request_id")?.string == "r")
      }
      #expect(Self.calls(daemon) == 1)
    }
  }

  @Test("who asks while the first is under way waits for it")
  func concurrent() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let clients = try (0..<6).map { _ in try daemon.http() }
      for (index, client) in clients.enumerated() {
        try client.begin("fake.sleep", #"{"ms":700}"#, requestID: "\"\(index)\"", headers: Self.header("k"))
      }
      // One that leaves changes nothing for the others.
      var waiting = clients
      waiting.remove(at: 3)
      let answers = try waiting.map { try $0.answer() }
      #expect(answers.allSatisfy { $0.content == "slept 700 ms" })
      #expect(answers.count { $0.isDeduplicated } == 4)
      #expect(answers.map { $0.json.member("request_id")?.string } == ["0", "1", "2", "4", "5"])
      #expect(Self.calls(daemon) == 1)
    }
  }

  @Test("a connection that closes does not cancel a call with a key, and its client gets the outcome later")
  func disconnected() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      do {
        let client = try daemon.http()
        try client.begin("fake.sleep", #"{"ms":900}"#, headers: Self.header("k"))
        try daemon.waitForCalls(in: "journal")
      }
      let retry = try daemon.http().call("fake.sleep", #"{"ms":900}"#, headers: Self.header("k"))
      #expect(retry.content == "slept 900 ms" && retry.isDeduplicated, "\(retry.text)")
      #expect(Self.calls(daemon) == 1)
      #expect(!daemon.lines(of: "journal").contains { $0.contains("notifications/cancelled") })
      // A command's interruption is a cancellation, with a key or without.
      let command = try daemon.startWarmplane([
        "call-capability", "fake.sleep", "--params", #"{"ms":60000}"#, "--idempotency-key", "c", "--config",
        daemon.configPath,
      ])
      try daemon.waitForCalls(2, in: "journal")
      kill(command, SIGINT)
      try daemon.waitForLines(with: "notifications/cancelled", in: "journal")
      let cancelled = try daemon.http().call("fake.sleep", #"{"ms":60000}"#, headers: Self.header("c"))
      #expect(cancelled.status == 409 && cancelled.reason == "cancelled" && cancelled.isDeduplicated)
      #expect(cancelled.retry == "unsafe unknown")
      _ = try daemon.waitForEnd(of: command)
    }
  }

  @Test("failures are outcomes too, unless nothing was sent")
  func failures() async throws {
    let config = DaemonConfig(
      servers: [
        .fake("fake", "--journal", "journal"), .fake("brief", members: ["timeout": "300"]),
        .fake("dies", "--die-on-call", "count"), .fake("off", members: ["disabled": "true"]),
      ])
    try await DaemonFixture.run(config) { daemon in
      for server in ["fake", "brief", "dies"] { try daemon.wait(for: server) }
      let http = try daemon.http()
      let rows: [(id: String, arguments: String, status: Int, retry: String?)] = [
        ("fake.rpc_error", #"{"code":-32602,"message":"no"}"#, 502, "unsafe completed"),
        ("fake.tool_error", "{}", 200, nil), ("fake.no_result", "{}", 200, nil),
        ("brief.sleep", #"{"ms":20000}"#, 504, "unsafe unknown"), ("dies.count", "{}", 503, "unsafe unknown"),
      ]
      for (number, row) in rows.enumerated() {
        let answers = try (0..<2).map { _ in
          try http.call(row.id, row.arguments, headers: Self.header("k\(number)"))
        }
        #expect(answers.map(\.status) == [row.status, row.status], "\(row.id): \(answers[1].text)")
        #expect(answers.map(\.isDeduplicated) == [false, true], "\(row.id)")
        #expect(answers.map(\.retry) == [row.retry, row.retry], "\(row.id)")
        for part in ["error", "data"] {
          let texts = answers.map { $0.json.member(part).map { String(decoding: $0.bytes, as: UTF8.self) } }
          #expect(texts[0] == texts[1], "\(row.id)")
        }
      }
      for _ in 0..<2 {
        let off = try http.call("off.count", headers: Self.header("off"))
        #expect(off.status == 503 && off.retry == "safe not_started" && !off.isDeduplicated, "\(off.text)")
        let unknown = try http.call("fake.nothing", headers: Self.header("nothing"))
        #expect(unknown.status == 404 && unknown.retry == "safe not_started" && !unknown.isDeduplicated)
      }
      #expect(try http.call("fake.count", headers: Self.header("off")).content == "1", "the key was free")
      let large = try (0..<2).map { _ in
        try http.call("fake.big", #"{"bytes":2000000}"#, headers: Self.header("large"))
      }
      #expect(large.map(\.status) == [200, 502] && large[0].body.count > 2_000_000)
      #expect(large[1].reason == "outcome_not_kept" && large[1].retry == "unsafe completed" && large[1].isDeduplicated)

      let list = try http.get("/v1/idempotency/records")
      let records = list.json.member("records").map { Array($0.elements) } ?? []
      #expect(
        records.map { record in record.members.compactMap { $0.key.string } }
          == Array(
            repeating: ["key", "kind", "id", "state", "created_at", "finished_at", "replay_count"],
            count: records.count))
      func texts(_ member: String) -> [String] { records.map { $0.member(member)?.string ?? "?" } }
      #expect(texts("key") == ["k0", "k1", "k2", "k3", "k4", "off", "large"], "\(list.text)")
      #expect(
        texts("state") == ["failed", "completed", "completed", "unknown", "unknown", "completed", "completed"])
      #expect(records.map { $0.member("replay_count")?.int } == [1, 1, 1, 1, 1, 0, 1])
      #expect(!list.text.contains("32602") && !list.text.contains("bytes"), "neither arguments nor results")
      #expect(texts("created_at").allSatisfy { $0.hasSuffix("Z") })
    }
  }

  @Test("without a place for its record a call with a key is not made")
  func noStore() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config, isStarted: false) { daemon in
      try Data().write(to: URL(fileURLWithPath: "\(daemon.directory)/state"))
      try daemon.start()
      try daemon.wait(for: "fake")
      let answer = try daemon.http().call("fake.count", headers: Self.header("k"))
      #expect(answer.status == 500 && answer.code == "INTERNAL_ERROR" && answer.isRetryable == true, "\(answer.text)")
      #expect(answer.reason == "idempotency_unavailable" && answer.retry == "safe not_started")
      #expect(Self.calls(daemon) == 0)
      #expect(try daemon.call("fake.count").content == "1")
      unlink("\(daemon.directory)/state")
      let again = try daemon.http().call("fake.count", headers: Self.header("k"))
      #expect(again.content == "2" && !again.isDeduplicated, "\(again.text)")
    }
  }
}
