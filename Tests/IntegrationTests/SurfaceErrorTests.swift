import Protocol
import Testing

/// The rows of the error matrix (contract §3.3) that a request alone can reach, and the order of the checks (§3.4).
@Suite("errors of /v1", .timeLimit(.minutes(5)))
struct SurfaceErrorTests {
  struct Row {
    var method = "POST"
    var target = "/v1/tools/call"
    var headers = ["Content-Type: application/json"]
    var body: String? = "{}"
    let status: Int
    var code = "INVALID_ARGS"
    let reason: String?
    var message: String?
    var requestID = "null"
  }

  private static func call(
    _ body: String, _ status: Int = 400, _ reason: String? = "invalid_field", code: String = "INVALID_ARGS",
    message: String? = nil, requestID: String = "null"
  ) -> Row {
    Row(body: body, status: status, code: code, reason: reason, message: message, requestID: requestID)
  }

  private static func get(
    _ target: String, _ status: Int, _ reason: String?, code: String = "INVALID_ARGS", headers: [String] = [],
    method: String = "GET", message: String? = nil
  ) -> Row {
    Row(
      method: method, target: target, headers: headers, body: nil, status: status, code: code, reason: reason,
      message: message)
  }

  private static let bodies = [
    call("", 400, "invalid_json"),
    call("{", 400, "invalid_json"),
    call("{} x", 400, "invalid_json"),
    call("nonsense", 400, "invalid_json"),
    call(#"{"capability_id":"fake.echo","args":{},}"#, 400, "invalid_json"),
    call(#"{"capability_id":"fake.echo","args":{"n":01}}"#, 400, "invalid_json"),
    call(String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000), 400, "invalid_json"),
    call(
      #"{"capability_id":"fake.echo","args":{"a":"# + String(repeating: "[", count: 10_000)
        + String(repeating: "]", count: 10_000) + "}}", 400, "invalid_json"),
    call("[]"), call("null"), call("1"), call("{}"),
    call(#"{"capability_id":"fake.echo"}"#),
    call(#"{"args":{}}"#),
    call(#"{"capability_id":1,"args":{}}"#),
    call(#"{"capability_id":null,"args":{}}"#),
    call(#"{"capability_id":["fake.echo"],"args":{}}"#),
    call(#"{"capability_id":"fake.echo","args":[]}"#, message: "args must be a JSON object"),
    call(#"{"capability_id":"fake.echo","args":null}"#, message: "args must be a JSON object"),
    call(#"{"capability_id":"fake.echo","args":"{}"}"#, message: "args must be a JSON object"),
    call(#"{"capability_id":"fake.echo","args":7,"request_id":"r-1"}"#, requestID: #""r-1""#),
    call(#"{"capability_id":"fake.echo","args":{},"request_id":7}"#),
    call(#"{"capability_id":"fake.echo","args":{},"request_id":{}}"#),
    call(#"{"capability_id":"fake.echo","capability_id":"denied.x","args":{}}"#),
    call(#"{"capability_id":"fake.echo","args":{},"args":{}}"#),
    call(#"{"capability_id":"fake.echo","capability\u005fid":"denied.x","args":{}}"#),
    call(#"{"capability_id":"fake.echo","args":{"a":1,"\u0061":2}}"#),
  ]

  /// Policy comes before the lookup, and after the decoding.
  private static let identities = [
    call(
      #"{"capability_id":"fake.nothing","args":{},"request_id":"r"}"#, 404, nil, code: "TOOL_NOT_FOUND",
      message: #"Capability "fake.nothing""#, requestID: #""r""#),
    call(#"{"capability_id":"","args":{}}"#, 404, nil, code: "TOOL_NOT_FOUND"),
    call(#"{"capability_id":"nobody.echo","args":{}}"#, 404, nil, code: "TOOL_NOT_FOUND"),
    call(#"{"capability_id":"FAKE.echo","args":{}}"#, 404, nil, code: "TOOL_NOT_FOUND"),
    call(#"{"capability_id":"fake.sleep","args":{}}"#, 404, nil, code: "TOOL_NOT_FOUND"),
    call(#"{"capability_id":"fake.echo\u0000","args":{}}"#, 404, nil, code: "TOOL_NOT_FOUND"),
    call(
      #"{"capability_id":"denied.nothing","args":{}}"#, 403, "policy_denied",
      message: #"Capability "denied.nothing" is blocked by policy"#),
    call(#"{"capability_id":"fake.count","args":{},"request_id":"é"}"#, 403, "policy_denied", requestID: #""é""#),
    call(#"{"capability_id":"denied.nothing","args":[]}"#),
    call(#"{"capability_id":"exact","args":{}}"#, 403, "policy_denied"),
    call(#"{"capability_id":"exactly","args":{}}"#, 404, nil, code: "TOOL_NOT_FOUND"),
    get("/v1/capabilities/denied.nothing", 403, "policy_denied", message: #""denied.nothing""#),
    get("/v1/capabilities/fake.count", 403, "policy_denied"),
    get("/v1/capabilities/fake.nothing", 404, nil, code: "TOOL_NOT_FOUND", message: "fake.nothing"),
    get("/v1/capabilities/fake.sleep", 404, nil, code: "TOOL_NOT_FOUND"),
  ]

  private static let routes = [
    get("/", 404, "unknown_route"),
    get("/v1", 404, "unknown_route"),
    get("/v1/", 404, "unknown_route"),
    get("/v2/capabilities", 404, "unknown_route"),
    get("/v1/capabilities/", 404, "unknown_route"),
    get("//v1/capabilities", 404, "unknown_route"),
    get("/v1/capabilities/fake.a/b", 404, "unknown_route"),
    get("/v1/../v1/capabilities", 404, "unknown_route"),
    get("/V1/capabilities", 404, "unknown_route"),
    get("/v1%2Fcapabilities", 404, "unknown_route"),
    get("/v1/capabilities/fake%00echo", 400, "invalid_field"),
    get("/v1/capabilities?x=%00", 200, nil, code: ""),
    get("/v1/capabilities/fake%2", 400, "invalid_field"),
    get("/v1/capabilities/fake%zz", 400, "invalid_field"),
    get("/v1/capabilities/%ff", 400, "invalid_field"),
    get("/v1/capabilities/a%2Fb", 404, nil, code: "TOOL_NOT_FOUND", message: "a/b"),
    get("/v1/capabilities", 405, "method_not_allowed", method: "DELETE"),
    get("/v1/capabilities", 405, "method_not_allowed", method: "OPTIONS"),
    get("/v1/capabilities/fake.echo", 405, "method_not_allowed", method: "PUT"),
    get("/v1/capabilities", 405, "method_not_allowed", method: "BREW"),
    get("/v1/tools/call", 405, "method_not_allowed"),
    Row(target: "/v1/capabilities", status: 405, reason: "method_not_allowed"),
    Row(headers: [], status: 415, reason: "unsupported_media_type"),
    Row(headers: ["Content-Type: text/plain"], status: 415, reason: "unsupported_media_type"),
    Row(headers: ["Content-Type: application/jsonx"], status: 415, reason: "unsupported_media_type"),
    Row(headers: ["Content-Type: application/json; charset=utf-8"], status: 400, reason: "invalid_field"),
    Row(headers: ["content-TYPE: Application/JSON"], status: 400, reason: "invalid_field"),
  ]

  private static let guards = [
    get("/v1/capabilities", 403, "host_not_allowed", headers: ["Host: evil.example"]),
    get("/v1/capabilities", 403, "host_not_allowed", headers: ["Host: 127.0.0.1.evil.example"]),
    get("/v1/capabilities", 403, "host_not_allowed", headers: ["Host: localhost.evil.example:9090"]),
    get("/v1/capabilities", 403, "host_not_allowed", headers: ["Host: 127.0.0.1@evil.example"]),
    get("/v1/capabilities", 403, "host_not_allowed", headers: ["Host: 10.0.0.1"]),
    get("/v1/capabilities", 403, "host_not_allowed", headers: ["Host: "]),
    get("/v1/capabilities", 403, "host_not_allowed", headers: ["Host: 127.0.0.1", "Host: evil.example"]),
    get("/v1/capabilities", 200, nil, code: "", headers: ["Host: localhost:1"]),
    get("/v1/capabilities", 200, nil, code: "", headers: ["Host: [::1]:9090"]),
    get("/v1/capabilities", 200, nil, code: "", headers: ["Host: 127.9.9.9"]),
    get("/v1/capabilities", 200, nil, code: "", headers: ["Host: listed.example"]),
    get("/v1/capabilities", 403, "origin_not_allowed", headers: ["Origin: null"]),
    get("/v1/capabilities", 403, "origin_not_allowed", headers: ["Origin: http://evil.example"]),
    get("/v1/capabilities", 403, "origin_not_allowed", headers: ["Origin: http://127.0.0.1:1"]),
    get("/v1/capabilities", 403, "origin_not_allowed", headers: ["Origin: "]),
    get("/v1/capabilities", 200, nil, code: "", headers: ["Origin: https://listed.example"]),
    get("/v1/capabilities", 403, "origin_not_allowed", headers: ["Origin: https://listed.example.evil.example"]),
    // The guard is the first check: a foreign page learns nothing from the differences.
    get("/nowhere", 403, "host_not_allowed", headers: ["Host: evil.example"]),
    get("/v1/tools/call", 403, "origin_not_allowed", headers: ["Origin: null"]),
  ]

  private static let config = DaemonConfig(
    servers: [.fake("fake")],
    members: [
      "policy": #"{"deny": ["denied.*", "fake.count", "exact"]}"#,
      "capabilityAliases": #"{"fake.sleep": "nap"}"#,
      "allowedHosts": #"["listed.example"]"#, "allowedOrigins": #"["https://listed.example"]"#,
    ])

  enum Table: String, CaseIterable { case bodies, identities, routes, guards }

  @Test("each wrong request gets its status, code and reason, in an envelope", arguments: Table.allCases)
  func table(_ table: Table) async throws {
    let rows =
      switch table {
      case .bodies: Self.bodies
      case .identities: Self.identities
      case .routes: Self.routes
      case .guards: Self.guards
      }
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let http = try daemon.http()
      for row in rows {
        let answer = try http.request(
          row.method, row.target, headers: row.headers, body: row.body.map { Array($0.utf8) })
        Self.check(answer, row)
      }
    }
  }

  /// Member order, spelling and values of a failure, byte for byte.
  private static func check(_ answer: SurfaceHTTPClient.Answer, _ row: Row) {
    let comment: Comment = "\(row.method) \(row.target) \(row.headers) \(row.body?.prefix(100) ?? ""): \(answer.text)"
    #expect(answer.status == row.status, comment)
    #expect(answer.header("content-type") == "application/json", comment)
    guard row.status >= 400 else { return }
    let message = answer.error?.member("message").map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
    let reason = row.reason.map { #","reason":"\#($0)""# } ?? ""
    // What helps comes last, when something is known.
    let hint = answer.error?.member("hint").map { #","hint":\#(String(decoding: $0.bytes, as: UTF8.self))"# } ?? ""
    let wanted =
      #"{"ok":false,"request_id":\#(row.requestID),"trace_id":"\#(answer.traceID ?? "")","data":null,"#
      + #""error":{"code":"\#(row.code)","message":\#(message),"retryable":false\#(reason)\#(hint)},"#
      + #""retry":{"classification":"safe","upstream_execution_state":"not_started"}}"#
    #expect(answer.text == wanted, comment)
    #expect(answer.traceID?.wholeMatch(of: /[0-9a-f]{32}/) != nil, comment)
    if let wanted = row.message { #expect(answer.message?.contains(wanted) == true, comment) }
    if row.status == 405 {
      #expect(answer.header("allow") == (row.target == "/v1/tools/call" ? "POST" : "GET, HEAD"), comment)
    }
  }

  @Test("bytes that are no UTF-8 are refused where they stand")
  func invalidUTF8() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let http = try daemon.http()
      let head = Array(#"{"capability_id":"fake.echo","args":{"a":""#.utf8)
      for bad: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] {
        let answer = try http.request(
          "POST", "/v1/tools/call", headers: ["Content-Type: application/json"], body: head + bad + Array(#""}}"#.utf8))
        #expect(answer.status == 400 && answer.reason == "invalid_json", "\(bad): \(answer.text)")
        #expect(answer.message?.contains("\(head.count)") == true, "no offset: \(answer.text)")
      }
      #expect(try http.call("fake.echo", #"{"a":"€"}"#).status == 200)
    }
  }
}
