import Protocol
import Testing

@testable import Front

/// The routing ladder of MCP over HTTP: which failure comes first, with which status and code.
@Suite("MCPRequestCheck")
struct MCPRequestCheckTests {
  private static let version = "MCP-Protocol-Version: 2026-07-28"
  private static let meta =
    #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
  private static let schema = try! ParameterSchema(
    .trusted(#"{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}"#))

  /// Headers as lines; without a content type of their own they get one.
  private static func check(_ lines: [String]) -> MCPRequestCheck {
    var fields = MCPRequestFields()
    for line in lines {
      let parts = line.split(separator: ":", maxSplits: 1).map { String($0).trimmed }
      switch parts[0].lowercased() {
      case "accept": fields.accept.append(parts.count > 1 ? parts[1] : "")
      case "content-type": fields.contentType.note(parts[1])
      case "last-event-id": fields.lastEventID.note(parts[1])
      default: fields.note(parts[0], parts.count > 1 ? parts[1] : "")
      }
    }
    if fields.contentType == .absent { fields.contentType.note("application/json") }
    return MCPRequestCheck(
      fields: fields,
      isServed: { method, revision in
        MCPMethod(rawValue: method).map { $0.exists(in: revision.era) } ?? false
      },
      toolSchema: { $0.member("name")?.string == "placed" ? schema : nil })
  }

  private static func post(_ lines: [String], _ body: String, tooLarge: Bool = false) -> String {
    do throws(MCPHTTPRefusal) {
      switch try check(lines).post(body: Array(body.utf8), isBodyTooLarge: tooLarge) {
      case .request(_, let id, let method, let revision, let forms):
        return
          "request \(id) \(method) \(revision.rawValue)\(forms.stream ? "" : " json")\(forms.json ? "" : " stream")"
      case .notification: return "notification"
      case .legacy(let message, let forms):
        return "legacy \(message.kind.isRequest ? "request" : "other")\(forms.stream ? "" : " json")"
      case .batch: return "batch"
      }
    } catch {
      return "\(error.status) \(error.code)\(error.id.map { " \($0)" } ?? "")"
    }
  }

  private static func call(_ params: String, method: String = "tools/call", meta: String = meta) -> String {
    #"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":{\#(params)\#(params.isEmpty ? "" : ",")\#(meta)}}"#
  }

  private static let list = call("", method: "tools/list")
  private static let legacyList = #"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#
  private static let listHeaders = [version, "Mcp-Method: tools/list"]
  private static let callHeaders = [version, "Mcp-Method: tools/call", "Mcp-Name: echo"]

  @Test(
    "form of the request",
    arguments: [
      (["Content-Type: application/json; charset=utf-8"], legacyList, "legacy request"),
      (["Content-Type: text/plain"], legacyList, "415 -32600"),
      (["Content-Type: application/json", "Content-Type: application/json"], legacyList, "415 -32600"),
      (["Accept: application/json, text/event-stream"], legacyList, "legacy request"),
      (["Accept: application/json", "Accept: text/event-stream"], legacyList, "legacy request"),
      (["Accept: */*"], legacyList, "legacy request"),
      (["Accept: text/*, application/*"], legacyList, "legacy request"),
      (["Accept: application/json"], legacyList, "legacy request json"),
      (["Accept: APPLICATION/JSON;q=0.5"], legacyList, "legacy request json"),
      (["Accept: */*, text/event-stream;q=0"], legacyList, "legacy request json"),
      (["Accept: text/html"], legacyList, "406 -32600"), (["Accept: "], legacyList, "406 -32600"),
      (["Accept: application/json;q=0, text/event-stream; q=0.0"], legacyList, "406 -32600"),
      (["Accept: application/jsonx"], legacyList, "406 -32600"),
      (["Content-Type: text/plain", "Accept: text/html"], "{", "415 -32600"),
      ([], "{", "400 -32700"), ([], "", "400 -32700"), ([], "\u{feff}{}", "400 -32700"), ([], "7", "400 -32600"),
      ([], "{}", "400 -32600"), ([], #"{"jsonrpc":"1.0","id":"a","method":"x"}"#, #"400 -32600 "a""#),
      ([], #"{"jsonrpc":"2.0","id":null,"method":"x"}"#, "400 -32600"),
      ([], #"{"jsonrpc":"2.0","id":1,"id":1,"method":"x"}"#, "400 -32600"),
    ] as [([String], String, String)])
  func form(headers: [String], body: String, outcome: String) { #expect(Self.post(headers, body) == outcome) }

  @Test("a body over the limit comes first")
  func size() { #expect(Self.post(["Content-Type: text/plain"], "", tooLarge: true) == "413 -32600") }

  @Test(
    "which era",
    arguments: [
      ([], legacyList, "legacy request"), (["MCP-Protocol-Version: 2025-03-26"], legacyList, "legacy request"),
      (["mcp-protocol-version:  2024-11-05 "], legacyList, "legacy request"),
      (["MCP-Protocol-Version: 2025-11-25"], #"{"jsonrpc":"2.0","method":"x"}"#, "legacy other"),
      (["MCP-Protocol-Version: 2025-11-25"], #"{"jsonrpc":"2.0","id":1,"result":{}}"#, "legacy other"),
      ([], #"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, "batch"), ([version], "[]", "400 -32600"),
      (listHeaders, list, "request 7 tools/list 2026-07-28"),
      (listHeaders + ["Accept: application/json"], list, "request 7 tools/list 2026-07-28 json"),
      (listHeaders + ["Mcp-Session-Id: abc"], list, "request 7 tools/list 2026-07-28"),
      // Row 5: the body alone says it.
      ([], list, "400 -32020 7"), (["Mcp-Method: tools/list"], list, "400 -32020 7"),
      // Row 7: they contradict each other.
      (["MCP-Protocol-Version: 2025-11-25"], list, "400 -32020 7"),
      (["MCP-Protocol-Version: 2025-11-25"], call("", method: "initialize"), "legacy request"),
      ([], call("", method: "initialize"), "legacy request"),
      // Row 4: unknown versions are modern.
      (["MCP-Protocol-Version: 2030-01-01"], legacyList, "400 -32602 7"),
      (["MCP-Protocol-Version: "], legacyList, "400 -32602 7"),
      (["MCP-Protocol-Version: 2025-11-25", "MCP-Protocol-Version: 2025-11-25"], legacyList, "400 -32020 7"),
      ([version], #"{"jsonrpc":"2.0","id":1,"result":{}}"#, "400 -32600"),
      ([version], #"{"jsonrpc":"2.0","id":1,"error":{}}"#, "400 -32600"),
      ([version], #"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#, "notification"),
      (["MCP-Protocol-Version: 2030-01-01"], #"{"jsonrpc":"2.0","method":"x"}"#, "400 -32022"),
      ([version, version], #"{"jsonrpc":"2.0","method":"x"}"#, "400 -32020"),
      ([], #"{"jsonrpc":"2.0","method":"x","params":{\#(meta)}}"#, "400 -32020"),
    ] as [([String], String, String)])
  func era(headers: [String], body: String, outcome: String) { #expect(Self.post(headers, body) == outcome) }

  private static func envelope(_ version: String, _ capabilities: String = "{}") -> String {
    #""_meta":{"io.modelcontextprotocol/protocolVersion":\#(version),"io.modelcontextprotocol/clientCapabilities":\#(capabilities)}"#
  }

  @Test(
    "the modern ladder, in its order",
    arguments: [
      // 8a before everything.
      ([version, "Mcp-Method: a", "Mcp-Method: b"], legacyList, "400 -32020 7"),
      ([version, "Mcp-Name: a", "Mcp-Name: a", "Mcp-Method: tools/list"], list, "400 -32020 7"),
      // 8b before 8c.
      (["MCP-Protocol-Version: 2030-01-01"], call("", meta: envelope("\"2026-07-28\"", "[]")), "400 -32602 7"),
      ([version], call("", meta: envelope("7")), "400 -32602 7"),
      ([version], call("", meta: #""_meta":7"#), "400 -32602 7"),
      ([version], call("", meta: #""_meta":{}"#), "400 -32602 7"),
      // 8c before 8d and 8f.
      (["MCP-Protocol-Version: 2030-01-01"], list, "400 -32020 7"),
      (listHeaders, call("", method: "tools/list", meta: envelope("\"2030-01-01\"")), "400 -32020 7"),
      // 8d.
      ([version], list, "400 -32020 7"), ([version, "Mcp-Method: Tools/list"], list, "400 -32020 7"),
      ([version, "Mcp-Method: =?base64?dG9vbHMvbGlzdA==?="], list, "400 -32020 7"),
      ([version, "Mcp-Method: tools/call"], list, "400 -32020 7"),
      ([version, "mcp-method:tools/list  "], list, "request 7 tools/list 2026-07-28"),
      // 8e.
      (callHeaders, call(#""name":"echo""#), "request 7 tools/call 2026-07-28"),
      ([version, "Mcp-Method: tools/call"], call(#""name":"echo""#), "400 -32020 7"),
      (callHeaders, call(#""name":"Echo""#), "400 -32020 7"), (callHeaders, call(""), "400 -32020 7"),
      ([version, "Mcp-Method: tools/call"], call(""), "request 7 tools/call 2026-07-28"),
      (
        [version, "Mcp-Method: tools/call", "Mcp-Name: =?base64?WsO8cmljaA==?="], call(#""name":"Z\u00fcrich""#),
        "request 7 tools/call 2026-07-28"
      ),
      ([version, "Mcp-Method: tools/call", "Mcp-Name: =?base64?WsO8?="], call(#""name":"Z""#), "400 -32020 7"),
      ([version, "Mcp-Method: tools/call", "Mcp-Name: =?base64?!?="], call(#""name":"Z""#), "400 -32020 7"),
      (
        [version, "Mcp-Method: resources/read", "Mcp-Name: x://a"], call(#""uri":"x://a""#, method: "resources/read"),
        "request 7 resources/read 2026-07-28"
      ),
      (
        [version, "Mcp-Method: prompts/get", "Mcp-Name: q"], call(#""name":"p""#, method: "prompts/get"), "400 -32020 7"
      ),
      (
        [version, "Mcp-Method: tasks/get", "Mcp-Name: other"], call(#""taskId":"t""#, method: "tasks/get"),
        "400 -32020 7"
      ),
      // 8f before 8g and 8h.
      (
        ["MCP-Protocol-Version: 2030-01-01", "Mcp-Method: nothing"],
        call("", method: "nothing", meta: envelope("\"2030-01-01\"")), "400 -32022 7"
      ),
      (
        ["MCP-Protocol-Version: 2030-01-01", "Mcp-Method: tools/call", "Mcp-Name: placed"],
        call(#""name":"placed","arguments":{"region":"eu"}"#, meta: envelope("\"2030-01-01\"")), "400 -32022 7"
      ),
      // 8g.
      (
        [version, "Mcp-Method: tools/call", "Mcp-Name: placed", "Mcp-Param-Region: eu", "Mcp-Param-X: y"],
        call(#""name":"placed","arguments":{"region":"eu"}"#), "request 7 tools/call 2026-07-28"
      ),
      (
        [version, "Mcp-Method: tools/call", "Mcp-Name: placed"],
        call(#""name":"placed","arguments":{"region":"eu"}"#), "400 -32020 7"
      ),
      (
        [version, "Mcp-Method: tools/call", "Mcp-Name: placed", "Mcp-Param-Region: us"],
        call(#""name":"placed","arguments":{"region":"eu"}"#), "400 -32020 7"
      ),
      (
        [version, "Mcp-Method: tools/call", "Mcp-Name: placed", "Mcp-Param-Region: eu"],
        call(#""name":"placed","arguments":{"region":"eu","region":"us"}"#), "400 -32020 7"
      ),
      (
        [version, "Mcp-Method: tools/call", "Mcp-Name: placed"],
        call(#""name":"placed","arguments":{"region":["eu"]}"#), "request 7 tools/call 2026-07-28"
      ),
      // Twice the same member: 8b.
      (callHeaders, call(#""name":"echo","name":"other""#), "400 -32602 7"),
      (callHeaders, call(#""name":"echo","arguments":{},"arguments":{"a":1}"#), "400 -32602 7"),
      // 8h.
      ([version, "Mcp-Method: initialize"], call("", method: "initialize"), "404 -32601 7"),
      ([version, "Mcp-Method: ping"], call("", method: "ping"), "404 -32601 7"),
      ([version, "Mcp-Method: logging/setLevel"], call("", method: "logging/setLevel"), "404 -32601 7"),
      ([version, "Mcp-Method: nothing"], call("", method: "nothing"), "404 -32601 7"),
      // A stream that cannot be had.
      (
        [version, "Mcp-Method: subscriptions/listen", "Accept: application/json"],
        call("", method: "subscriptions/listen"), "406 -32600 7"
      ),
    ] as [([String], String, String)])
  func ladder(headers: [String], body: String, outcome: String) { #expect(Self.post(headers, body) == outcome) }

  @Test("an unsupported version tells what is supported")
  func supported() throws {
    let check = Self.check(["MCP-Protocol-Version: 2030-01-01", "Mcp-Method: tools/list"])
    let body = Self.call("", method: "tools/list", meta: Self.envelope("\"2030-01-01\""))
    let refusal = #expect(throws: MCPHTTPRefusal.self) { try check.post(body: Array(body.utf8), isBodyTooLarge: false) }
    let error = try #require(refusal.map { JSONSlice.trusted($0.body) }?.member("error"))
    #expect(error.member("data")?.member("requested")?.string == "2030-01-01")
    #expect(error.member("data")?.member("supported")?.elements.first { _ in true }?.string == "2026-07-28")
    #expect(error.member("message")?.string == "Unsupported protocol version")
  }

  @Test("an error without a readable id has none, rather than null")
  func absentID() {
    let text = String(decoding: MCPHTTPRefusal.missingSession.body, as: UTF8.self)
    #expect(text == #"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Missing session ID"}}"#)
  }

  @Test(
    "GET and DELETE",
    arguments: [
      (["Mcp-Session-Id: s"], "s"), (["Mcp-Session-Id: s", "MCP-Protocol-Version: 2025-11-25"], "s"), ([], "400"),
      (["MCP-Protocol-Version: 2025-11-25"], "400"), (["Mcp-Session-Id: s", "Mcp-Session-Id: s"], "400"),
      ([version], "405 POST"), ([version, "Mcp-Session-Id: s"], "405 POST"),
      (["MCP-Protocol-Version: garbage"], "405 POST"), (["Mcp-Session-Id: s", "MCP-Protocol-Version: garbage"], "400"),
    ] as [([String], String)])
  func session(headers: [String], outcome: String) {
    do throws(MCPHTTPRefusal) {
      #expect(try Self.check(headers).sessionID() == outcome)
    } catch {
      #expect("\(error.status)\(error.allow.map { " \($0)" } ?? "")" == outcome)
    }
  }

  @Test(
    "a GET must accept a stream",
    arguments: [
      (["Accept: text/event-stream"], true), (["Accept: text/*"], true), ([], true),
      (["Accept: application/json"], false),
    ] as [([String], Bool)])
  func stream(headers: [String], isAccepted: Bool) {
    #expect(((try? Self.check(headers).checkStreamAccepted()) != nil) == isAccepted)
  }

  @Test(
    "status of errors at a revision without sessions",
    arguments: [
      (-32601, 404), (-32602, 400), (-32600, 400), (-32020, 400), (-32021, 400), (-32022, 400), (-32603, 200),
    ])
  func status(code: Int, status: Int) { #expect(MCPHTTPRefusal.status(ofModern: code) == status) }
}

extension String {
  fileprivate var trimmed: String {
    var text = Substring(self)
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}

extension JSONRPCMessage.Kind {
  fileprivate var isRequest: Bool { if case .request = self { true } else { false } }
}
