import Protocol
import Testing

/// What a profile hides is hidden on every route and method.
@Suite("scopes on every surface", .timeLimit(.minutes(5)))
struct ScopeSurfaceTests {
  private static let config = DaemonConfig(
    servers: [
      .fake("one", "--resources", "1", "--prompts", "1", "--completions", "--tools", "open,secret"),
      .fake("two", "--resources", "1", "--prompts", "1", "--completions", "--tools", "open,secret"),
    ],
    members: [
      "profiles": #"{"work": {"servers": ["one"], "deny": ["one.count"]}, "narrow": {"allow": ["one.*"]}}"#,
      "policy": #"{"deny": ["two.*", "one.secret", "one.prompt_1"]}"#,
    ])

  private static func run(_ body: @Sendable (DaemonFixture) async throws -> Void) async throws {
    try await DaemonFixture.run(config) { daemon in
      for server in ["one", "two"] { try daemon.wait(for: server) }
      try await body(daemon)
    }
  }

  @Test("a hidden id is 404, whatever hides it and whether it exists; what it could show and policy denies is 403")
  func ids() async throws {
    try await Self.run { daemon in
      let http = try daemon.http()
      for (id, status) in [
        ("one.open", 200), ("one.secret", 403), ("one.nope", 404), ("one.count", 404), ("two.open", 404),
        ("two.nope", 404), ("nope", 404),
      ] {
        let answer = try http.post("/v1/tools/call?profile=work", SurfaceHTTPClient.callBody(id))
        #expect(answer.status == status, "\(id): \(answer.text)")
        if status == 404 { #expect(answer.message == "Capability \"\(id)\" does not exist.", "\(answer.text)") }
        let nearest = answer.error?.member("hint")?.member("did_you_mean")?.strings ?? []
        #expect(!nearest.contains { $0.hasPrefix("two.") }, "\(answer.text)")
        let detail = try http.get("/v1/capabilities/\(id)?profile=work")
        #expect(detail.status == status, "\(id): \(detail.text)")
      }
      #expect(try http.call("two.nope").status == 403)
      let unknown = try http.get("/v1/prompts?profile=wrok")
      #expect(unknown.status == 404 && unknown.message?.contains("warmplane reload") == true, "\(unknown.text)")
      #expect(unknown.error?.member("hint")?.member("did_you_mean")?.strings == ["work"], "\(unknown.text)")
      let rows = try http.get("/v1/prompts?profile=narrow").json.member("server_readiness")
      #expect(rows?.elements.compactMap { $0.member("server")?.string } == ["one"])
    }
  }

  @Test("operations and keys of hidden servers can be neither cancelled nor listed")
  func operations() async throws {
    var config = Self.config
    config.members["policy"] = nil
    try await DaemonFixture.run(config) { daemon in
      for server in ["one", "two"] { try daemon.wait(for: server) }
      let slow = try ["one", "two"].map { server in
        let http = try daemon.http()
        try http.begin("\(server).sleep", #"{"ms":60000}"#, requestID: #""r-\#(server)""#)
        return http
      }
      for server in ["one", "two"] {
        try daemon.eventually("\(server) has the call") {
          try daemon.worker(server).member("in_flight")?.int == 1 ? true : nil
        }
      }
      let http = try daemon.http()
      let hidden = try http.post("/v1/operations/r-two/cancel?profile=work", "")
      #expect(hidden.status == 404 && hidden.reason == "unknown_operation", "\(hidden.text)")
      #expect(try http.post("/v1/operations/r-one/cancel?profile=work", "").status == 200)
      #expect(try slow[0].answer().reason == "cancelled")
      #expect(try daemon.worker("two").member("in_flight")?.int == 1)
      #expect(try http.post("/v1/operations/r-two/cancel", "").status == 200)
      #expect(try slow[1].answer().reason == "cancelled")

      for server in ["one", "two"] {
        #expect(try http.call("\(server).echo", headers: ["Idempotency-Key: k-\(server)"]).status == 200)
      }
      func keys(_ query: String) throws -> [String]? {
        let records = try http.get("/v1/idempotency/records\(query)").json.member("records")
        return records?.elements.compactMap { $0.member("key")?.string }
      }
      #expect(try keys("") == ["k-one", "k-two"] && keys("?profile=work") == ["k-one"])
      // A key is one key, whoever uses it.
      let body = SurfaceHTTPClient.callBody("one.echo")
      let reused = try http.post("/v1/tools/call?profile=work", body, headers: ["Idempotency-Key: k-two"])
      #expect(reused.status == 409 && reused.reason == "idempotency_key_reused", "\(reused.text)")
      let same = try http.post("/v1/tools/call?profile=work", body, headers: ["Idempotency-Key: k-one"])
      #expect(same.status == 200 && same.isDeduplicated, "\(same.text)")
    }
  }

  @Test("completion knows of nothing that is hidden", arguments: ["compact", "full"])
  func completion(exposure: String) async throws {
    try await Self.run { daemon in
      let client = try MCPClient(daemon, "--profile", "work", "--exposure", exposure)
      try client.open("2025-11-25")
      func complete(_ ref: String) throws -> MCPClient.Received {
        try client.request("completion/complete", #"{"ref":\#(ref),"argument":{"name":"topic","value":"a"}}"#)
      }
      let isFull = exposure == "full"
      for name in isFull ? ["two__prompt_1", "two__nope", "one__nope", "nope"] : ["two.prompt_1", "two.nope", "nope"] {
        let answer = try complete(#"{"type":"ref/prompt","name":"\#(name)"}"#)
        #expect(answer.code == -32602, "\(answer.message)")
        #expect(answer.errorMessage == "Prompt \"\(name)\" does not exist.", "\(answer.message)")
        #expect(answer.data?.member("name")?.string == name, "\(answer.message)")
      }
      let denied = try complete(#"{"type":"ref/prompt","name":"\#(isFull ? "one__prompt_1" : "prompt_1")"}"#)
      #expect(denied.code == -32602, "\(denied.message)")
      let uri = isFull ? "warmplane://one/fake%3A%2F%2Fresource%2F1" : "fake://resource/1"
      let allowed = try complete(#"{"type":"ref/resource","uri":"\#(uri)"}"#)
      let values = allowed.result?.member("completion")?.member("values")?.strings
      #expect(values?.prefix(2) == ["a-1", "a-2"], "\(allowed.message)")
      try client.finish()
    }
  }

  @Test("messages and suggestions use the names that the client has")
  func messages() async throws {
    try await Self.run { daemon in
      let client = try MCPClient(daemon, "--profile", "work", "--exposure", "full")
      let opened = try client.open("2025-11-25")
      #expect(opened.result?.member("instructions")?.string?.contains("two") != true)
      for name in ["one__count", "one__coun", "two__open", "two__nope", "one.open"] {
        let answer = try client.call(name)
        #expect(answer.code == -32602, "\(answer.message)")
        #expect(answer.errorMessage == "Capability \"\(name)\" does not exist.", "\(answer.message)")
        let nearest = answer.data?.member("did_you_mean")?.strings ?? []
        #expect(nearest.allSatisfy { $0.hasPrefix("one__") && $0 != "one__count" }, "\(answer.message)")
      }
      let denied = try client.call("one__secret")
      let text = "Capability \"one__secret\" is blocked by policy."
      #expect(denied.code == -32602 && denied.errorMessage == text, "\(denied.message)")
      try client.finish()
    }
  }

  @Test("lists wait for the servers that they show, and for no others")
  func firstStarts() async throws {
    let config = DaemonConfig(
      servers: [.fake("one", "--slow-start", "300"), .fake("stuck", "--slow-start", "600000")],
      members: ["listWaitMs": "600000", "profiles": #"{"work": {"allow": ["one.*"], "exposure": "full"}}"#])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon, "--profile", "work")
      try client.open("2025-11-25")
      let listed = try client.request("tools/list").result?.member("tools")?.elements.first { _ in true }
      #expect(listed?.member("name")?.string?.hasPrefix("one__") == true)
      let list = try daemon.http().get("/v1/capabilities?profile=work")
      #expect(list.status == 200 && list.text.contains("one.echo"))
      #expect(try client.call("one__nix").code == -32602)
      try client.finish()
    }
  }
}
