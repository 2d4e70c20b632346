import Foundation
import Glibc
import Platform
import Protocol
import Testing

/// Traces with a real collector (contract §8.2).
@Suite("trace export", .timeLimit(.minutes(5)))
struct TraceExportTests {
  private static let traceID = "0af7651916cd43dd8448eb211c80319c"
  private static let parentID = "b7ad6b7169203331"
  private static let traceparent = "traceparent: 00-\(traceID)-\(parentID)-01"

  @Test("a call is a span of the caller's trace, and the server continues its request's span")
  func call() async throws {
    try await Self.run { daemon, collector, journal in
      let http = try daemon.http()
      let answer = try http.call(
        "fake.echo", #"{"password":"s3cret"}"#, requestID: #""r-1""#, headers: [Self.traceparent])
      #expect(answer.traceID == Self.traceID)
      let spans = try collector.spans(2)
      let outer = try #require(spans.first { $0.kind == "SPAN_KIND_SERVER" })
      let inner = try #require(spans.first { $0.kind == "SPAN_KIND_CLIENT" })
      #expect(outer.name == "tools/call fake.echo" && outer.traceID == Self.traceID && outer.parentID == Self.parentID)
      #expect(outer.attribute("warmplane.surface") == "http" && outer.attribute("warmplane.server") == "fake")
      #expect(outer.attribute("warmplane.capability_id") == "fake.echo")
      #expect(outer.attribute("warmplane.request_id") == "r-1" && outer.attribute("warmplane.outcome_code") == "OK")
      #expect(outer.attribute("warmplane.duration_ms").flatMap { Int($0) } != nil && !outer.isError)
      #expect(inner.name == "tools/call echo" && inner.traceID == Self.traceID && inner.parentID == outer.id)
      #expect(inner.attribute("mcp.method.name") == "tools/call" && inner.attribute("gen_ai.tool.name") == "echo")
      let record = try daemon.waitForLog("tool call success")
      #expect(record.member("trace_id")?.string == Self.traceID)
      #expect(daemon.text(of: journal).contains("\"traceparent\":\"00-\(Self.traceID)-\(inner.id)-01\""))

      let request = try #require(collector.requests.first)
      let text = String(decoding: request.bytes, as: UTF8.self)
      #expect(!text.contains("s3cret") && !text.contains("password"))
      #expect(text.contains(#"{"key": "service.name", "value": {"stringValue": "tested"}}"#))
      #expect(text.contains(#""scope": {"name": "warmplane", "version": "\#(WarmplaneVersion.current)"}"#))
      let metadata = try #require(request.member("metadata"))
      #expect(metadata.member("x-key")?.string == "a b=c")
      #expect(metadata.member("user-agent")?.string?.hasPrefix("warmplane/") == true)
      // grpc-timeout, less what passed since.
      #expect(
        try #require(request.member("seconds").flatMap { Double(String(decoding: $0.bytes, as: UTF8.self)) }) <= 10)
    }
  }

  @Test("every kind of operation and every surface has its span; an unsampled trace has none")
  func operations() async throws {
    try await Self.run { daemon, collector, journal in
      let http = try daemon.http()
      #expect(
        try http.call("fake.echo", headers: ["traceparent: 00-\(Self.traceID)-\(Self.parentID)-00"]).status == 200)
      #expect(daemon.text(of: journal).contains("\"traceparent\":\"00-\(Self.traceID)-\(Self.parentID)-00\""))
      #expect(try http.get("/v1/capabilities/fake.echo").status == 200)
      #expect(try http.call("fake.nothing").status == 404)
      #expect(try http.call("denied.tool").status == 403)
      #expect(try http.post("/v1/tools/call", "{}").status == 400)
      let cli = try daemon.runWarmplane([
        "call-capability", "--config", daemon.configPath, "fake.rpc_error", "--params",
        #"{"code":-32000,"message":"s3cret"}"#,
      ])
      #expect(cli.exit == .code(1))
      #expect(try http.call("fake.tool_error").status == 200)
      // describe, unknown, denied, unreadable: a span each; the last ones two.
      let spans = try collector.spans(8)
      #expect(spans.allSatisfy { $0.traceID != Self.traceID && $0.traceID.count == 32 })
      let outer = spans.filter { $0.kind == "SPAN_KIND_SERVER" }
      #expect(
        outer.map(\.name) == [
          "capabilities/describe fake.echo", "tools/call", "tools/call", "tools/call", "tools/call fake.rpc_error",
          "tools/call fake.tool_error",
        ])
      #expect(outer.prefix(4).allSatisfy { $0.parentID.isEmpty })
      #expect(
        outer.map { $0.attribute("warmplane.outcome_code") } == [
          "OK", "TOOL_NOT_FOUND", "INVALID_ARGS", "INVALID_ARGS", "UPSTREAM_ERROR", "OK",
        ])
      #expect(outer.map { $0.attribute("warmplane.reason") } == [nil, nil, "policy_denied", "invalid_field", nil, nil])
      #expect(outer.map(\.isError) == [false, true, true, true, true, true])
      #expect(outer.map { $0.attribute("warmplane.surface") } == ["http", "http", "http", "http", "cli", "http"])
      #expect(outer.last?.attribute("error.type") == "tool_error")
      let inner = try #require(spans.first { $0.kind == "SPAN_KIND_CLIENT" })
      #expect(
        inner.isError && inner.attribute("rpc.response.status_code") == "-32000" && inner.parentID == outer[4].id)
    }
  }

  @Test("the end of the daemon sends what waits, and no answer waits for a collector")
  func flush() async throws {
    let collector = try TraceCollector()
    let environment = collector.environment.merging(["OTEL_BSP_SCHEDULE_DELAY": "3600000"]) { $1 }
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")]), environment: environment) { daemon in
      try daemon.wait(for: "fake")
      #expect(try daemon.call("fake.echo").status == 200)
      #expect(try daemon.stop() == .code(0))
      #expect(try daemon.log("spans were lost").isEmpty)
    }
    #expect(try collector.spans(2).count == 2)
  }

  @Test("a collector that is not there is one warning and costs nothing; when it comes, traces arrive")
  func outage() async throws {
    let first = try TraceCollector()
    first.stop()
    let environment = first.environment.merging(["WARMPLANE_LOG": "info,warmplane::telemetry=debug"]) { $1 }
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")]), environment: environment) { daemon in
      let http = try daemon.http()
      for _ in 0..<20 { #expect(try http.call("fake.echo").status == 200) }
      try daemon.waitForLog("traces cannot be exported") {
        $0.member("endpoint")?.string == "http://127.0.0.1:\(first.port)"
      }
      #expect(try http.call("fake.echo").status == 200)
      let second = try TraceCollector("--port", "\(first.port)")
      #expect(try second.spans(42).count == 42)
      try daemon.waitForLog("traces are exported again") { $0.member("lost")?.int == 0 }
      #expect(try daemon.log("traces cannot be exported").count == 1)
      // The collector has said so, too, for all of them.
      try daemon.eventually("all spans are taken") {
        let taken = try daemon.log("export ended").filter {
          $0.member("outcome")?.string?.hasPrefix("accepted") == true
        }
        return taken.reduce(0) { $0 + ($1.member("spans")?.int ?? 0) } == 42 ? true : nil
      }
      second.stop()
      #expect(try http.call("fake.echo").status == 200)
      try daemon.eventually("a second outage") { try daemon.log("traces cannot be exported").count == 2 ? true : nil }
      // Nobody takes these: the end is not held up, and says how many were lost.
      let began = MonotonicTime.now
      #expect(try daemon.stop() == .code(0))
      #expect(MonotonicTime.now - began < .seconds(10))
      let lost = try daemon.log("spans were lost").map { $0.member("count")?.int }
      #expect(lost == [2], "\(daemon.text(of: daemon.logPath).suffix(2000))")
    }
  }

  @Test("a refused batch is not sent again; one that the collector cannot take now is")
  func status() async throws {
    let collector = try TraceCollector("--reject", "1", "UNAUTHENTICATED", "UNAVAILABLE")
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")]), environment: collector.environment) { daemon in
      #expect(try daemon.call("fake.nothing").status == 404)
      #expect(try collector.next().member("code")?.string == "UNAUTHENTICATED")
      let warning = try daemon.waitForLog("traces cannot be exported")
      #expect(warning.member("detail")?.string == "the collector answered UNAUTHENTICATED: told to")
      #expect(try daemon.call("fake.echo").status == 200)
      #expect(try collector.next().member("code")?.string == "UNAVAILABLE")
      #expect(try collector.spans(2).count == 2)
      try daemon.waitForLog("traces are exported again") { $0.member("lost")?.int == 1 }
      let partial = try daemon.waitForLog("the collector did not take all spans")
      #expect(partial.member("count")?.int == 1 && partial.member("detail")?.string == "too old")
      #expect(try daemon.log("traces cannot be exported").count == 1)
    }
  }

  @Test("over TLS, with an authority of one's own")
  func tls() async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("wp-otlp-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try RealServers.shell(
      """
      cd '\(directory)'
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out certificate -days 2 \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1
      """)
    let collector = try TraceCollector("--tls", "\(directory)/certificate", "\(directory)/key")
    var environment = collector.environment
    environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://127.0.0.1:\(collector.port)"
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")]), environment: environment) { daemon in
      #expect(try daemon.call("fake.echo").status == 200)
      try daemon.waitForLog("traces cannot be exported")
    }
    environment["OTEL_EXPORTER_OTLP_CERTIFICATE"] = "\(directory)/certificate"
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")]), environment: environment) { daemon in
      try daemon.wait(for: "fake")
      // The second request uses the connection of the first.
      for count in [2, 4] {
        #expect(try daemon.call("fake.echo").status == 200)
        #expect(try collector.spans(count).count == count)
      }
    }
  }

  @Test("a bad endpoint is one warning, without its value")
  func badEndpoint() async throws {
    let environment = [
      "WARMPLANE_OTEL_ENABLED": "YES", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://user:s3cret@collector:4317",
      "OTEL_BSP_MAX_QUEUE_SIZE": "many",
    ]
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")]), environment: environment) { daemon in
      #expect(try daemon.call("fake.echo").status == 200)
      let warnings = try daemon.log().filter { $0.member("level")?.string == "WARN" }
      #expect(warnings.count == 1)
      #expect(
        warnings.first?.member("fields")?.member("message")?.string?.contains("OTEL_EXPORTER_OTLP_ENDPOINT") == true)
      #expect(!daemon.text(of: daemon.logPath).contains("s3cret"))
    }
  }

  // MARK: Parts

  /// A daemon with a fake server that keeps a journal, and a collector that gets its spans.
  private static func run(_ body: @Sendable (DaemonFixture, TraceCollector, String) async throws -> Void) async throws {
    let journal = FileManager.default.temporaryDirectory.appendingPathComponent("wp-journal-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: journal) }
    let config = DaemonConfig(
      servers: [.fake("fake", "--journal", journal)], members: ["policy": #"{"deny": ["denied.*"]}"#])
    try await BlockingExecutor.run {
      let collector = try TraceCollector()
      let environment = collector.environment.merging([
        "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b%3Dc", "WARMPLANE_SERVICE_NAME": "tested",
      ]) { $1 }
      try await DaemonFixture.run(config, environment: environment) { daemon in
        try daemon.wait(for: "fake")
        try await body(daemon, collector, journal)
      }
    }
  }
}
