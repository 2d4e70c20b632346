import Protocol
import Testing

/// Every row of the error matrix (contract §3.3) that resources and prompts can reach, and the order of checks (§3.4).
@Suite("error matrix of resources and prompts", .timeLimit(.minutes(5)))
struct MatrixEntryTests {
  /// What is the same for both kinds, with the names of one of them.
  struct Kind: CustomTestStringConvertible, Sendable {
    let word: String
    let path: String
    let member: String
    let unknown: String

    static let resource = Kind(
      word: "Resource", path: "/v1/resources/read", member: "resource_id", unknown: "RESOURCE_NOT_FOUND")
    static let prompt = Kind(
      word: "Prompt", path: "/v1/prompts/get", member: "prompt_id", unknown: "PROMPT_NOT_FOUND")

    var testDescription: String { word }
  }

  struct Row {
    let body: String
    let status: Int
    let code: String
    let reason: String?
    var message = ""
    var isRetryable = false
    var requestID = "null"
  }

  private static let config = DaemonConfig(
    servers: [
      .fake("fake", "--resources", "2", "--prompts", "2"), .fake("off", members: ["disabled": "true"]),
      .fake("unset", members: ["env": #"{"A": "${WARMPLANE_TEST_UNSET}"}"#]), .fake("exits", "--exit-at-start", "1"),
      .fake("bare"),
    ],
    members: [
      "policy": #"{"deny": ["denied*", "fake.no*", "fake.fake://resource/2", "fake.prompt_2"]}"#,
      "resourceAliases": #"{"fake.fake://resource/1": "one", "off.x": "off-alias"}"#,
      "promptAliases": #"{"fake.prompt_1": "one", "off.x": "off-alias"}"#,
      "maxBodyBytes": "3000",
    ])

  private static func rows(_ kind: Kind) -> [Row] {
    func bad(_ body: String, _ reason: String = "invalid_field", id: String = "null") -> Row {
      Row(body: body, status: 400, code: "INVALID_ARGS", reason: reason, requestID: id)
    }
    func entry(
      _ id: String, _ status: Int, _ code: String, _ reason: String?, _ message: String = "", retryable: Bool = false
    ) -> Row {
      Row(
        body: #"{"\#(kind.member)":"\#(id)","request_id":"r-1"}"#, status: status, code: code, reason: reason,
        message: message, isRetryable: retryable, requestID: #""r-1""#)
    }
    return [
      bad("", "invalid_json"), bad("{", "invalid_json"), bad("{} {}", "invalid_json"), bad("x", "invalid_json"),
      bad("[]"), bad("null"), bad("7"), bad("{}"), bad(#"{"id":"one"}"#), bad(#"{"capability_id":"one","args":{}}"#),
      bad(#"{"\#(kind.member)":1}"#), bad(#"{"\#(kind.member)":null}"#), bad(#"{"\#(kind.member)":["one"]}"#),
      bad(#"{"\#(kind.member)":"one","request_id":7}"#), bad(#"{"\#(kind.member)":"one","request_id":["x"]}"#),
      bad(#"{"\#(kind.member)":"one","\#(kind.member)":"denied"}"#),
      bad(#"{"\#(kind.member)":7,"request_id":"r"}"#, id: #""r""#),
      // Decoding comes before policy.
      bad(#"{"\#(kind.member)":"denied","request_id":7}"#),
      // Policy comes before the lookup.
      entry(
        "denied.nothing", 403, "INVALID_ARGS", "policy_denied", #"\#(kind.word) "denied.nothing" is blocked by policy"#),
      entry("fake.nothing", 403, "INVALID_ARGS", "policy_denied"),
      entry("off", 404, kind.unknown, nil, #"\#(kind.word) "off" does not exist"#),
      entry("fake.unknown", 404, kind.unknown, nil, #"\#(kind.word) "fake.unknown""#),
      entry("bare.unknown", 404, kind.unknown, nil), entry("", 404, kind.unknown, nil),
      entry("nobody.unknown", 404, kind.unknown, nil), entry("ONE", 404, kind.unknown, nil),
      // An alias replaces the id, and a tool is neither a resource nor a prompt.
      entry(kind.word == "Prompt" ? "fake.prompt_1" : "fake.fake://resource/1", 404, kind.unknown, nil),
      entry("fake.echo", 404, kind.unknown, nil),
      // Servers that were never listed tell their own state.
      entry("off.x", 503, "SERVER_UNREACHABLE", "disabled", #""off""#),
      entry("off-alias", 503, "SERVER_UNREACHABLE", "disabled", #""off""#),
      entry("unset.x", 503, "SERVER_UNREACHABLE", "config_invalid", "WARMPLANE_TEST_UNSET"),
    ]
  }

  @Test("every row", arguments: [Kind.resource, .prompt])
  func matrix(kind: Kind) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      try daemon.wait(for: "bare")
      let http = try daemon.http()
      for row in Self.rows(kind) {
        let answer = try http.post(kind.path, row.body)
        #expect(answer.status == row.status, "\(row.body): \(answer.text)")
        #expect(answer.code == row.code, "\(row.body): \(answer.text)")
        #expect(answer.reason == row.reason, "\(row.body): \(answer.text)")
        #expect(answer.isRetryable == row.isRetryable, "\(row.body): \(answer.text)")
        if !row.message.isEmpty {
          #expect(answer.message?.contains(row.message) == true, "\(row.body): \(answer.text)")
        }
        let start =
          #"{"ok":false,"request_id":\#(row.requestID),"trace_id":"\#(answer.traceID ?? "")","data":null,"error":{"#
        #expect(answer.text.hasPrefix(start + #""code":""#), "\(row.body): \(answer.text)")
        let keys = answer.error?.members.compactMap { $0.key.string } ?? []
        #expect(keys == ["code", "message", "retryable", "reason", "hint"].filter(keys.contains), "\(answer.text)")
      }
      // A server that cannot be reached is tried by the call, and the call tells how that went.
      let dead = try http.post(kind.path, #"{"\#(kind.member)":"exits.x"}"#)
      #expect(dead.status == 503 && dead.code == "SERVER_UNREACHABLE" && dead.isRetryable == true)
      #expect(["transport_unavailable", "crash_loop"].contains(dead.reason), "\(dead.text)")
    }
  }

  @Test("what a request alone can do wrong", arguments: [Kind.resource, .prompt])
  func requests(kind: Kind) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let http = try daemon.http()
      let body = Array(#"{"\#(kind.member)":"one"}"#.utf8)
      for headers in [[], ["Content-Type: text/plain"], ["Content-Type: application/jsonx"]] {
        let answer = try http.request("POST", kind.path, headers: headers, body: body)
        #expect(answer.status == 415 && answer.reason == "unsupported_media_type", "\(headers)")
      }
      let big = try http.post(kind.path, #"{"\#(kind.member)":"\#(String(repeating: "x", count: 3000))"}"#)
      #expect(big.status == 413 && big.reason == "body_too_large")
      for method in ["GET", "PUT", "DELETE"] {
        let answer = try http.request(method, kind.path)
        #expect(answer.status == 405 && answer.reason == "method_not_allowed", "\(method)")
        #expect(answer.header("allow") == "POST")
      }
      let list = kind.word == "Prompt" ? "/v1/prompts" : "/v1/resources"
      let posted = try http.post(list, "{}")
      #expect(posted.status == 405 && posted.header("allow")?.hasPrefix("GET, HEAD") == true)
      for target in ["\(list)/", "\(list)/one", "\(kind.path)/", "\(list)/list"] {
        let answer = try http.get(target)
        #expect(answer.status == 404 && answer.reason == "unknown_route", "\(target)")
      }
      let foreign = try http.request("POST", kind.path, headers: ["Host: example.com"], body: body)
      #expect(foreign.status == 403 && foreign.reason == "host_not_allowed")
      let origin = try http.post(kind.path, "{}", headers: ["Origin: http://example.com"])
      #expect(origin.status == 403 && origin.reason == "origin_not_allowed")
    }
  }

  @Test("arguments of a prompt are an object or null, which is checked after lookup and server")
  func promptArguments() async throws {
    var config = Self.config
    config.servers.append(.switched("late", "--prompts 1", then: "--exit-at-start 1"))
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      try daemon.wait(for: "late")
      let http = try daemon.http()
      func get(_ id: String, _ arguments: String) throws -> SurfaceHTTPClient.Answer {
        try http.post("/v1/prompts/get", #"{"prompt_id":"\#(id)","arguments":\#(arguments),"request_id":"r"}"#)
      }
      for arguments in ["[]", "7", "true", #""{}""#, "[{}]"] {
        let answer = try get("one", arguments)
        #expect(answer.status == 400 && answer.reason == "invalid_field", "\(arguments): \(answer.text)")
        #expect(answer.message == "arguments must be a JSON object or null")
        #expect(answer.text.contains(#""request_id":"r""#))
        #expect(try get("late.prompt_1", arguments).status == 400)
        #expect(try get("fake.unknown", arguments).code == "PROMPT_NOT_FOUND")
        #expect(try get("denied.x", arguments).reason == "policy_denied")
        #expect(try get("off.x", arguments).reason == "disabled")
      }
      // Null is none: the upstream says what it misses.
      #expect(try get("one", "null").code == "UPSTREAM_ERROR")
      #expect(try get("one", #"{"topic":"x"}"#).status == 200)
      // Listed, and not usable any more: the server is what the answer tells.
      try daemon.turnSwitch("late")
      #expect(try daemon.call("late.crash").code == "SERVER_UNREACHABLE")
      let dead = try get("late.prompt_1", "7")
      #expect(dead.status == 503 && dead.code == "SERVER_UNREACHABLE", "\(dead.text)")
    }
  }

  @Test("what upstreams do to reads and gets", arguments: [Kind.resource, .prompt])
  func upstreams(kind: Kind) async throws {
    let config = DaemonConfig(servers: [
      .fake("hung", "--resources", "1", "--prompts", "1", "--hang-after", "0", members: ["timeout": "300"]),
      .fake("slow", "--resources", "1", "--prompts", "1", "--slow-start", "60000", members: ["timeout": "300"]),
      .fake("good", "--resources", "1", "--prompts", "1"),
      .scripted(
        "null", capabilities: #"{"resources":{},"prompts":{}}"#,
        [
          ("resources/list", #"{"resources":[{"uri":"u"}]}"#), ("prompts/list", #"{"prompts":[{"name":"u"}]}"#),
          ("resources/read", "null"), ("prompts/get", "null"),
        ]),
    ])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "hung")
      try daemon.wait(for: "good")
      try daemon.wait(for: "null")
      let http = try daemon.http()
      let name = kind.word == "Prompt" ? "prompt_1" : "fake://resource/1"
      let extra = kind.word == "Prompt" ? #","arguments":{"topic":"x"}"# : ""
      func ask(_ id: String) throws -> SurfaceHTTPClient.Answer {
        try http.post(kind.path, #"{"\#(kind.member)":"\#(id)"\#(extra)}"#)
      }
      let late = try ask("hung.\(name)")
      #expect(late.status == 504 && late.code == "UPSTREAM_TIMEOUT" && late.reason == "outcome_unknown")
      #expect(late.isRetryable == true)
      #expect(late.message?.contains("\(kind.word) \(kind.word == "Prompt" ? "get" : "read")") == true)
      #expect(late.message?.contains("timed out after 300ms") == true, "\(late.text)")
      let starting = try ask("slow.\(name)")
      #expect(starting.status == 503 && starting.reason == "starting" && starting.isRetryable == true)
      #expect(starting.hint == #"{"actor":"client"}"#)
      #expect(try ask("good.\(name)").status == 200)
      let null = try ask("null.u")
      #expect(null.status == 200 && null.data == "null", "\(null.text)")
    }
  }
}
