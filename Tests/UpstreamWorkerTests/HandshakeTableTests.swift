import Protocol
import Testing

@testable import UpstreamWorker

/// The table "as client on stdio (probe)" of mcp-checklist §1.5, row by row, and LIFE-7 to LIFE-9.
@Suite struct HandshakeTableTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let what: String
    let events: [Handshake.Event]
    let actions: [String]

    init(_ what: String, _ events: [Handshake.Event], _ actions: [String]) {
      self.what = what
      self.events = events
      self.actions = actions
    }

    var testDescription: String { what }
  }

  private static let probe = ["discover #1", "timer on"]
  private static let legacy = ["timer off", "initialize 2025-11-25 #2"]
  private static let established = ["notifications/initialized", "established 2025-11-25"]

  static let probing: [Row] = [
    Row("a mutual modern version", [.discovered(1, "2026-07-28")], ["timer off", "established 2026-07-28"]),
    Row(
      "modern and legacy", [.discovered(1, "2025-11-25", "2026-07-28")], ["timer off", "established 2026-07-28"]),
    Row(
      "newer than we know, and ours", [.discovered(1, "2031-01-01", "2026-07-28")],
      ["timer off", "established 2026-07-28"]),
    Row("legacy only", [.discovered(1, "2025-11-25"), .initialized(2, "2025-11-25")], legacy + established),
    Row("an unparseable result", [.result(1, #"{"supportedVersions":7}"#)], legacy),
    Row("a result that is no object", [.result(1, "[]")], legacy),
    Row("modern without capabilities", [.result(1, #"{"supportedVersions":["2026-07-28"]}"#)], legacy),
    Row(
      "-32022 naming our version: once more", [.unsupported(1, "2026-07-28"), .discovered(2, "2026-07-28")],
      ["timer off", "discover #2", "timer on", "timer off", "established 2026-07-28"]),
    Row(
      "-32022 naming our version twice", [.unsupported(1, "2026-07-28"), .unsupported(2, "2026-07-28")],
      [
        "timer off", "discover #2", "timer on", "timer off", "timer off",
        "failed: refused server/discover: no (code: -32022)",
      ]),
    Row("-32022 with a legacy version", [.unsupported(1, "2030-01-01", "2025-06-18")], legacy),
    Row("-32022 without data", [.error(1, -32022)], legacy),
    Row(
      "-32022 with nothing mutual", [.unsupported(1, "2030-01-01", "2031-01-01")],
      ["timer off", "timer off", "failed: speaks only 2030-01-01, 2031-01-01, which this version does not"]),
    Row(
      "-32020", [.error(1, -32020)], ["timer off", "timer off", "failed: refused server/discover: no (code: -32020)"]),
    Row(
      "-32021", [.error(1, -32021)], ["timer off", "timer off", "failed: refused server/discover: no (code: -32021)"]),
    Row("no answer: started again", [.probeTimedOut], ["timer off", "restart"]),
    Row("exit on the probe: started again", [.exited("exited with code 1")], ["timer off", "restart"]),
    Row(
      "initialize first after a restart", [.probeTimedOut, .started, .initialized(2, "2025-11-25")],
      ["timer off", "restart", "initialize 2025-11-25 #2"] + established),
    Row(
      "exit again after the restart", [.exited("exited with code 1"), .started, .exited("exited with code 1")],
      [
        "timer off", "restart", "initialize 2025-11-25 #2", "timer off",
        "failed: exited with code 1 before it answered initialize",
      ]),
    Row(
      "a late answer to the probe is ignored",
      [.probeTimedOut, .discovered(1, "2026-07-28"), .started, .discovered(1, "2026-07-28")],
      ["timer off", "restart", "initialize 2025-11-25 #2"]),
    Row(
      "initialize answered with -32022 naming modern: it was slow",
      [.probeTimedOut, .started, .unsupported(2, "2026-07-28"), .discovered(3, "2026-07-28")],
      [
        "timer off", "restart", "initialize 2025-11-25 #2", "discover #3", "timer on", "timer off",
        "established 2026-07-28",
      ]),
    Row(
      "silent on both",
      [.probeTimedOut, .started, .unsupported(2, "2026-07-28"), .probeTimedOut],
      [
        "timer off", "restart", "initialize 2025-11-25 #2", "discover #3", "timer on", "timer off",
        "failed: refused initialize, and did not answer server/discover either",
      ]),
    Row(
      "a timer that raced the answer", [.discovered(1, "2026-07-28"), .probeTimedOut],
      ["timer off", "established 2026-07-28"]),
    Row("an answer to a foreign id", [.discovered(7, "2026-07-28"), .error(7, -32601)], []),
  ]

  @Test(arguments: probing)
  func afterTheProbe(row: Row) {
    var log = HandshakeLog()
    log.take(.started)
    for event in row.events { log.take(event) }
    #expect(log.actions == Self.probe + row.actions)
  }

  /// "Any other error": the decision must not key on one code.
  @Test(arguments: [-32601, -32602, -32600, -32603, -32700, -32000, -32001, -32002, -32023, 0, 1, -1])
  func anyOtherErrorIsLegacy(code: Int) {
    var log = HandshakeLog()
    log.take(.started)
    log.take(.error(1, code))
    #expect(log.actions == Self.probe + Self.legacy)
  }

  @Test func noProcessIsNoVerdict() {
    var log = HandshakeLog()
    log.take(.exited("cannot be started: no such file"))
    #expect(log.actions == ["timer off", "failed: cannot be started: no such file"])
  }

  // MARK: Legacy

  static let initializing: [Row] = [
    Row("2025-11-25", [.initialized(1, "2025-11-25")], established),
    Row("2025-06-18", [.initialized(1, "2025-06-18")], ["notifications/initialized", "established 2025-06-18"]),
    Row("2025-03-26", [.initialized(1, "2025-03-26")], ["notifications/initialized", "established 2025-03-26"]),
    Row("2024-11-05", [.initialized(1, "2024-11-05")], ["notifications/initialized", "established 2024-11-05"]),
    Row(
      "a version that we do not speak", [.initialized(1, "2023-01-01")],
      ["timer off", "failed: answered initialize with protocol version 2023-01-01, which this version does not speak"]),
    Row(
      "a modern version", [.initialized(1, "2026-07-28")],
      ["timer off", "failed: answered initialize with protocol version 2026-07-28, which this version does not speak"]),
    Row(
      "no version", [.result(1, "{}")],
      ["timer off", "failed: answered initialize with protocol version none, which this version does not speak"]),
    Row(
      "LIFE-9: the best of `supported`",
      [.error(1, -32602, #"{"supported":["2024-11-05","2025-03-26"]}"#), .initialized(2, "2025-03-26")],
      ["initialize 2025-03-26 #2", "notifications/initialized", "established 2025-03-26"]),
    Row(
      "LIFE-9: once only",
      [.error(1, -32602, #"{"supported":["2025-03-26"]}"#), .error(2, -32602, #"{"supported":["2024-11-05"]}"#)],
      ["initialize 2025-03-26 #2", "timer off", "failed: refused initialize: no (code: -32602)"]),
    Row(
      "LIFE-9: without `supported` down the ladder",
      [.error(1, -32602), .error(2, -32602), .error(3, -32602), .initialized(4, "2024-11-05")],
      [
        "initialize 2025-06-18 #2", "initialize 2025-03-26 #3", "initialize 2024-11-05 #4",
        "notifications/initialized", "established 2024-11-05",
      ]),
    Row(
      "LIFE-9: the ladder ends",
      [.error(1, -32602), .error(2, -32602), .error(3, -32602), .error(4, -32602)],
      [
        "initialize 2025-06-18 #2", "initialize 2025-03-26 #3", "initialize 2024-11-05 #4", "timer off",
        "failed: refused initialize: no (code: -32602)",
      ]),
    Row(
      "another refusal", [.error(1, -32603)], ["timer off", "failed: refused initialize: no (code: -32603)"]),
    Row(
      "it became modern meanwhile", [.unsupported(1, "2026-07-28"), .discovered(2, "2026-07-28")],
      ["discover #2", "timer on", "timer off", "established 2026-07-28"]),
    Row(
      "exit", [.exited("was ended by signal 9 (Killed)")],
      ["timer off", "failed: was ended by signal 9 (Killed) before it answered initialize"]),
    Row("exit after the session is open", [.initialized(1, "2025-11-25"), .exited("x")], established),
    Row("a second answer", [.initialized(1, "2025-11-25"), .initialized(1, "2025-06-18")], established),
  ]

  /// A remembered verdict skips the probe (NEG-8).
  @Test(arguments: initializing)
  func afterInitialize(row: Row) {
    var log = HandshakeLog(era: .legacy)
    log.take(.started)
    for event in row.events { log.take(event) }
    #expect(log.actions == ["initialize 2025-11-25 #1"] + row.actions)
  }

  @Test func aRememberedModernEraIsProbedAllTheSame() {
    var log = HandshakeLog(era: .modern)
    log.take(.started)
    #expect(log.actions == Self.probe)
  }
}
