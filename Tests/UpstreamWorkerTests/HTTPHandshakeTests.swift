import Protocol
import Testing

@testable import UpstreamWorker

/// The table "as client on HTTP (probe)" of mcp-checklist §1.5, row by row, and what follows from the configuration.
@Suite struct HTTPHandshakeTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let what: String
    let events: [HTTPHandshake.Event]
    let actions: [String]

    init(_ what: String, _ events: [HTTPHandshake.Event], _ actions: [String]) {
      self.what = what
      self.events = events
      self.actions = actions
    }

    var testDescription: String { what }
  }

  private static let probe = ["discover", "timer on"]
  private static let legacy = ["timer off", "initialize 2025-11-25"]
  private static let opened = ["initialized", "established 2025-11-25"]

  static let rows: [Row] = [
    Row("a modern answer", [.discovered("2026-07-28")], ["timer off", "established 2026-07-28"]),
    Row("modern and legacy", [.discovered("2025-11-25", "2026-07-28")], ["timer off", "established 2026-07-28"]),
    Row("legacy only", [.discovered("2025-11-25"), .initialized(), .accepted], legacy + opened),
    Row("a result of no use", [.result(.trusted("[]"), hasSession: false)], legacy),
    Row("a web page", [.unusable("answered with content type text/html")], legacy),
    Row("silence", [.probeTimedOut], ["abandon"] + legacy),
    Row(
      "-32022 naming our version: once more",
      [.refused(400, -32022, #"{"supported":["2026-07-28"]}"#), .discovered("2026-07-28")],
      ["timer off"] + probe + ["timer off", "established 2026-07-28"]),
    Row("-32022 with a legacy version", [.refused(400, -32022, #"{"supported":["2025-06-18"]}"#)], legacy),
    Row(
      "-32022 with nothing mutual", [.refused(400, -32022, #"{"supported":["2031-01-01"]}"#)],
      ["timer off", "failed: speaks only 2031-01-01, which this version does not"]),
    Row(
      "-32020", [.refused(400, -32020)], ["timer off", "failed: refused server/discover: no (code: -32020)"]),
    Row(
      "-32021 without an id", [.refused(400, -32021, isOurs: false)],
      ["timer off", "failed: refused server/discover: no (code: -32021)"]),
    Row("400 and -32000", [.refused(400, -32000, isOurs: false)], legacy),
    Row("400 and -32600", [.refused(400, -32600)], legacy),
    Row("400, empty", [.status(400)], legacy),
    Row("404 and -32601", [.refused(404, -32601)], legacy),
    Row("404, a page", [.status(404)], legacy),
    Row("405", [.status(405)], legacy),
    Row("406", [.status(406)], legacy),
    Row("501: it does not know what was asked", [.status(501)], legacy),
    Row("200 and -32601", [.refused(200, -32601)], legacy),
    Row("500 with an answer to our request", [.refused(500, -32603)], legacy),
    Row("500", [.status(500)], ["timer off", "failed: answered HTTP 500: words"]),
    Row(
      "500 with an error without id", [.refused(500, -32603, isOurs: false)],
      ["timer off", "failed: answered HTTP 500: words"]),
    Row("503", [.status(503, retryAfter: 7)], ["timer off", "failed: answered HTTP 503: words, again after 7 s"]),
    Row("429", [.status(429, retryAfter: 1)], ["timer off", "failed: answered HTTP 429: words, again after 1 s"]),
    Row(
      "no connection", [.ended(UpstreamEnd("cannot be reached"))], ["timer off", "failed: cannot be reached"]),
    Row(
      "no credentials", [.ended(UpstreamEnd("has no token", readiness: .authMissing))],
      ["timer off", "failed: has no token (auth_missing)"]),
    Row(
      "initialize refused with 405: the event stream",
      [.status(400), .status(405), .endpointNamed, .initialized("2024-11-05"), .accepted],
      legacy + ["event stream", "initialize 2025-11-25", "initialized", "established 2024-11-05"]),
    Row(
      "no event stream either", [.status(400), .status(405), .status(404)],
      legacy + [
        "event stream", "timer off",
        "failed: refused initialize: HTTP 405: words; and it has no event stream of 2024-11-05 either: HTTP 404: words",
      ]),
    Row(
      "a page in place of an event stream", [.status(400), .status(404), .unusable("answered with text/html")],
      legacy + [
        "event stream", "timer off",
        "failed: refused initialize: HTTP 404: words; and it has no event stream of 2024-11-05 either: it answered with text/html",
      ]),
    Row(
      "the event stream is out of order", [.status(400), .status(404), .status(503, retryAfter: 3)],
      legacy + ["event stream", "timer off", "failed: answered HTTP 503: words, again after 3 s"]),
    Row(
      "initialize refused over the other endpoint", [.status(400), .status(405), .endpointNamed, .status(400)],
      legacy + [
        "event stream", "initialize 2025-11-25", "timer off", "failed: refused initialize: HTTP 400: words",
      ]),
    Row(
      "initialize: 406", [.status(400), .status(406)],
      legacy + ["timer off", "failed: refused initialize: HTTP 406: words"]),
    Row("initialize: 503", [.status(400), .status(503)], legacy + ["timer off", "failed: answered HTTP 503: words"]),
    Row(
      "initialize: an error of its own", [.status(400), .refused(400, -32603)],
      legacy + ["timer off", "failed: refused initialize: no (code: -32603)"]),
    Row(
      "LIFE-9 over HTTP",
      [.status(400), .refused(400, -32602, #"{"supported":["2025-03-26"]}"#), .initialized("2025-03-26"), .accepted],
      legacy + ["initialize 2025-03-26", "initialized", "established 2025-03-26"]),
    Row(
      "modern after all",
      [.status(400), .refused(400, -32022, #"{"supported":["2026-07-28"]}"#), .discovered("2026-07-28")],
      legacy + probe + ["timer off", "established 2026-07-28"]),
    Row(
      "a page in place of initialize", [.status(400), .unusable("answered with text/html")],
      legacy + ["timer off", "failed: answered with text/html"]),
    Row(
      "a version that we do not speak", [.status(400), .initialized("1999-01-01")],
      legacy + [
        "timer off", "failed: answered initialize with protocol version 1999-01-01, which this version does not speak",
      ]),
    Row(
      "the confirmation is refused", [.status(400), .initialized(), .status(400)], legacy + opened),
    Row(
      "the confirmation meets an outage", [.status(400), .initialized(), .status(503)],
      legacy + ["initialized", "timer off", "failed: answered HTTP 503: words"]),
    Row(
      "after the end", [.status(500), .discovered("2026-07-28")], ["timer off", "failed: answered HTTP 500: words"]),
  ]

  @Test(arguments: rows)
  func afterTheProbe(row: Row) {
    #expect(Self.run(row.events) == Self.probe + row.actions)
  }

  // MARK: What an earlier start found out

  @Test func aRememberedLegacyEraSkipsTheProbe() {
    #expect(Self.run(era: .legacy, [.initialized(), .accepted]) == ["initialize 2025-11-25"] + Self.opened)
  }

  @Test func aRememberedLegacyEraIsNotForEver() {
    let actions = Self.run(era: .legacy, [.refused(404, -32601), .discovered("2026-07-28")])
    #expect(actions == ["initialize 2025-11-25"] + Self.probe + ["timer off", "established 2026-07-28"])
    #expect(
      Self.run(era: .legacy, [.status(405), .status(405), .endpointNamed])
        == ["initialize 2025-11-25"] + Self.probe + ["timer off", "event stream", "initialize 2025-11-25"])
    #expect(
      Self.run(era: .legacy, [.refused(200, -32603), .status(400)])
        == ["initialize 2025-11-25"] + Self.probe + ["timer off", "failed: refused initialize: no (code: -32603)"])
  }

  // MARK: Pins

  @Test func aModernPinProbesOnly() {
    let pin = ProtocolRevision.july2026
    #expect(Self.run(pin: pin, [.discovered("2026-07-28")]) == ["discover", "timer off", "established 2026-07-28"])
    #expect(
      Self.run(pin: pin, [.status(400)])
        == ["discover", "timer off", "failed: refused server/discover: HTTP 400: words"])
    #expect(
      Self.run(pin: pin, [.discovered("2025-11-25")])
        == ["discover", "timer off", "failed: answered server/discover without 2026-07-28"])
  }

  @Test func aLegacyPinProposesThatAndNothingElse() {
    let pin = ProtocolRevision.june2025
    #expect(
      Self.run(pin: pin, [.initialized("2025-03-26"), .accepted])
        == ["initialize 2025-06-18", "initialized", "established 2025-03-26"])
    #expect(
      Self.run(pin: pin, [.refused(400, -32022, #"{"supported":["2026-07-28"]}"#)])
        == ["initialize 2025-06-18", "timer off", "failed: refused initialize: no (code: -32022)"])
    #expect(
      Self.run(pin: pin, [.status(405)])
        == ["initialize 2025-06-18", "timer off", "failed: refused initialize: HTTP 405: words"])
    #expect(
      Self.run(pin: .november2024, [.status(405), .endpointNamed])
        == ["initialize 2024-11-05", "event stream", "initialize 2024-11-05"])
  }

  // MARK: allowStateless

  @Test func aSessionIDMayBeDemanded() {
    #expect(
      Self.run(allowStateless: false, [.initialized(hasSession: false)])
        == ["initialize 2025-11-25", "timer off", "failed: issued no session id, and allowStateless is false"])
    #expect(
      Self.run(allowStateless: false, [.initialized(hasSession: true), .accepted])
        == ["initialize 2025-11-25"] + Self.opened)
    #expect(
      Self.run(allowStateless: nil, [.status(400), .initialized(hasSession: false), .accepted])
        == Self.probe + Self.legacy + Self.opened)
    // The stream is the session.
    #expect(
      Self.run(allowStateless: false, [.status(404), .endpointNamed, .initialized(hasSession: false), .accepted])
        == ["initialize 2025-11-25", "event stream", "initialize 2025-11-25"] + Self.opened)
  }

  /// The actions in words.
  private static func run(
    era: ProtocolRevision.Era? = nil, pin: ProtocolRevision? = nil, allowStateless: Bool? = nil,
    _ events: [HTTPHandshake.Event]
  ) -> [String] {
    var handshake = HTTPHandshake(era: era, pin: pin, allowStateless: allowStateless)
    return ([.started] + events).flatMap { handshake.handle($0) }.map(\.words)
  }
}

extension HTTPHandshake.Action {
  fileprivate var words: String {
    switch self {
    case .post(.discover): "discover"
    case .post(.initialize(let revision)): "initialize \(revision.rawValue)"
    case .post(.initialized): "initialized"
    case .abandon: "abandon"
    case .startProbeTimer: "timer on"
    case .stopProbeTimer: "timer off"
    case .openEventStream: "event stream"
    case .established(let session): "established \(session.revision.rawValue)"
    case .failed(let end):
      "failed: \(end.detail)" + (end.readiness.map { " (\($0.rawValue))" } ?? "")
        + (end.retryAfter.map { ", again after \($0.components.seconds) s" } ?? "")
    }
  }
}

extension HTTPHandshake.Event {
  static func discovered(_ versions: String...) -> Self {
    let list = versions.map { "\"\($0)\"" }.joined(separator: ",")
    return .result(.trusted(#"{"supportedVersions":[\#(list)],"capabilities":{}}"#), hasSession: false)
  }

  static func initialized(_ version: String = "2025-11-25", hasSession: Bool = true) -> Self {
    .result(.trusted(#"{"protocolVersion":"\#(version)","capabilities":{}}"#), hasSession: hasSession)
  }

  /// A JSON-RPC error with a status.
  static func refused(_ status: Int, _ code: Int, _ data: String? = nil, isOurs: Bool = true) -> Self {
    let member = data.map { #","data":\#($0)"# } ?? ""
    let text = #"{"jsonrpc":"2.0","id":1,"error":{"code":\#(code),"message":"no"\#(member)}}"#
    guard let message = try? JSONRPCMessage(parsing: Array(text.utf8)) else { fatalError("a bad sample: \(text)") }
    return .refused(
      HTTPHandshake.Refusal(
        status: status, error: UpstreamError(message), isOurs: isOurs, sentence: "HTTP \(status): words"))
  }

  /// A status and no JSON-RPC.
  static func status(_ status: Int, retryAfter: Int? = nil) -> Self {
    .refused(
      HTTPHandshake.Refusal(
        status: status, sentence: "HTTP \(status): words", retryAfter: retryAfter.map { .seconds($0) }))
  }
}
