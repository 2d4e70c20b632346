import Protocol
import Testing

/// The records of the log (contract §8.1).
@Suite("log", .timeLimit(.minutes(5)))
struct SurfaceLogTests {
  private static let config = DaemonConfig(
    servers: [
      .fake("fake", "--flood-stderr", "200"), .fake("exits", "--exit-at-start", "3"),
      .fake("late", "--tools", "x", members: ["timeout": "200"]),
    ],
    members: ["policy": #"{"deny": ["late.x"], "redactKeys": ["Token"]}"#])

  private static func keys(_ object: JSONSlice?) -> [String] { object?.members.compactMap { $0.key.string } ?? [] }

  /// Makes one record of each kind.
  private static func exercise(_ daemon: DaemonFixture) throws {
    for server in ["fake", "late"] { try daemon.wait(for: server) }
    try daemon.wait(for: "exits", toBe: "restarting")
    let http = try daemon.http()
    _ = try http.call("fake.echo", #"{"token":"hush-hush","plain":"seen"}"#, requestID: #""r-1""#)
    _ = try http.call("late.x")
    _ = try http.call("fake.nothing")
    _ = try http.call("late.sleep", #"{"ms":9000}"#)
    _ = try http.call("fake.crash")
    _ = try http.call("fake.echo", #"{"token":"hush-hush"}"#, requestID: #""r-2""#)
    try daemon.waitForLog("tool call success") { $0.member("request_id")?.string == "r-2" }
  }

  @Test("every record is a JSON object with the same members")
  func shape() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try Self.exercise(daemon)
      let records = try daemon.log()
      #expect(records.count > 10)
      for record in records {
        let text = String(decoding: record.bytes, as: UTF8.self)
        #expect(Array(Self.keys(record).prefix(4)) == ["timestamp", "level", "fields", "target"], "\(text)")
        let time = record.member("timestamp")?.string ?? ""
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil, "\(text)")
        #expect(["ERROR", "WARN", "INFO"].contains(record.member("level")?.string ?? ""), "\(text)")
        #expect(record.member("target")?.string?.hasPrefix("warmplane::") == true, "\(text)")
        #expect(Self.keys(record.member("fields")).first == "message", "\(text)")
        #expect(!text.contains("hush-hush") && !text.contains("seen"), "payload above debug: \(text)")
      }
    }
  }

  @Test("the records of the contract appear with their fields and levels")
  func records() async throws {
    let rows: [(message: String, level: String, fields: [String])] = [
      ("booting upstream MCP servers", "INFO", ["server_count"]),
      ("starting upstream server", "INFO", ["server_id"]),
      ("skipping upstream server during startup", "WARN", ["server_id", "code", "detail", "retryable"]),
      ("upstream server ready", "INFO", ["server_id", "duration_ms"]),
      ("upstream server ended", "WARN", ["server_id", "detail"]),
      ("upstream server restarting", "WARN", ["server_id", "attempt", "delay_ms"]),
      ("daemon listening", "INFO", ["address", "port"]),
      ("upstream stderr", "INFO", ["server_id", "line"]),
      ("tool call start", "INFO", ["trace_id", "request_id", "surface", "server_id", "capability_id"]),
      (
        "tool call success", "INFO", ["trace_id", "request_id", "surface", "server_id", "capability_id", "duration_ms"]
      ),
      (
        "tool call failure", "WARN",
        [
          "trace_id", "request_id", "surface", "server_id", "capability_id", "duration_ms", "code", "reason",
          "retryable",
        ]
      ),
    ]
    try await DaemonFixture.run(Self.config) { daemon in
      try Self.exercise(daemon)
      let records = try daemon.log()
      for row in rows {
        let found = records.filter { $0.member("fields")?.member("message")?.string == row.message }
        #expect(!found.isEmpty, "no record \"\(row.message)\"")
        for record in found {
          #expect(record.member("level")?.string == row.level, "\(row.message)")
          let missing = Set(row.fields).subtracting(Self.keys(record.member("fields")))
          #expect(missing.isEmpty, "\(row.message) has no \(missing): \(String(decoding: record.bytes, as: UTF8.self))")
        }
      }
      let fields = try daemon.log("tool call failure")
      let reasons = fields.map { "\($0.member("code")?.string ?? "") \($0.member("reason")?.string ?? "-")" }
      #expect(
        reasons == [
          "INVALID_ARGS policy_denied", "TOOL_NOT_FOUND -", "UPSTREAM_TIMEOUT outcome_unknown",
          "SERVER_UNREACHABLE outcome_unknown",
        ])
      let listening = try daemon.waitForLog("daemon listening")
      #expect(listening.member("port")?.int == daemon.port && listening.member("address")?.string == "127.0.0.1")
      #expect(try daemon.waitForLog("booting upstream MCP servers").member("server_count")?.int == 3)
      let success = try daemon.waitForLog("tool call success")
      #expect(success.member("surface")?.string == "http" && success.member("request_id")?.string == "r-1")
    }
  }

  @Test("payloads appear at debug only, and redacted")
  func debug() async throws {
    try await DaemonFixture.run(Self.config, environment: ["WARMPLANE_LOG": "debug"]) { daemon in
      try Self.exercise(daemon)
      let text = daemon.text(of: daemon.logPath)
      // The echo comes back as text and as structure; both are logged, neither with the value.
      #expect(!text.contains("hush-hush"))
      let start = try daemon.waitForLog("tool call start")
      #expect(start.member("args")?.string?.contains("seen") == true)
      #expect(start.member("args")?.string?.contains("<redacted>") == true)
      let success = try daemon.waitForLog("tool call success")
      #expect(success.member("data")?.string?.contains("seen") == true)
      let registered = try daemon.waitForLog("registered upstream tool") { $0.member("server_id")?.string == "fake" }
      #expect(registered.member("tool_name")?.string == "echo")
    }
  }

  @Test("the filter is honoured, and a bad one is a warning")
  func filter() async throws {
    try await DaemonFixture.run(Self.config, environment: ["WARMPLANE_LOG": "warn"]) { daemon in
      try daemon.wait(for: "fake")
      _ = try daemon.call("fake.nothing")
      try daemon.waitForLog("tool call failure")
      #expect(try daemon.log().allSatisfy { $0.member("level")?.string != "INFO" })
    }
    try await DaemonFixture.run(Self.config, environment: ["WARMPLANE_LOG": "=loud="]) { daemon in
      try daemon.wait(for: "fake")
      let first = try daemon.log().first
      #expect(first?.member("level")?.string == "WARN")
      #expect(try !daemon.log("daemon listening").isEmpty)
    }
  }
}
