import Foundation
import Protocol
import Telemetry
import Testing

@testable import Exporter

/// Our encoder against the official decoder.
@Suite struct TraceRequestTests {
  private static let trace = TraceID("0af7651916cd43dd8448eb211c80319c")!

  private static let server = Span(
    name: "tools/call fs.read", kind: .server,
    context: TraceContext(traceID: trace, spanID: 0xb7ad_6b71_6920_3331, flags: 1, parentSpanID: 0x00f0_67aa_0ba9_02b7),
    isParentRemote: true, start: 1_544_712_660_000_000_000, end: 1_544_712_660_000_000_042,
    attributes: [
      SpanAttribute("a.text", "ü€🙂"), SpanAttribute("an.empty.text", ""), SpanAttribute("zero", 0),
      SpanAttribute("large", Int.max), SpanAttribute("negative", -1),
      SpanAttribute("long", String(repeating: "x", count: 1024)),
    ], status: .error("UPSTREAM_TIMEOUT: outcome_unknown"))

  private static let client = Span(
    name: "tools/call read", kind: .client, context: TraceContext(traceID: trace, spanID: 1, flags: 0),
    isParentRemote: false, start: 1, end: 2)

  private static let request = TraceRequest(
    resource: [SpanAttribute("service.name", "warmplane"), SpanAttribute("process.pid", 7)], scope: "warmplane",
    version: "1.2.3")

  @Test func theOfficialDecoderFindsWhatWasWritten() throws {
    let many = (0..<600).map { number in
      var span = Self.client
      span.name = "\(number)"
      return TraceRequest.encode(span)
    }
    let decoded = try Self.decode([
      Self.request.message([TraceRequest.encode(Self.server), TraceRequest.encode(Self.client)]),
      Self.request.message([]), Self.request.message(many),
    ])
    let head = """
      {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"warmplane"}},\
      {"key":"process.pid","value":{"intValue":"7"}}]},"scopeSpans":[{"scope":{"name":"warmplane","version":"1.2.3"}
      """
    let first = """
      {"traceId":"CvdlGRbNQ92ESOshHIAxnA==","spanId":"t61rcWkgMzE=","parentSpanId":"APBnqgupArc=","flags":769,\
      "name":"tools/call fs.read","kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1544712660000000000",\
      "endTimeUnixNano":"1544712660000000042","attributes":[{"key":"a.text","value":{"stringValue":"ü€🙂"}},\
      {"key":"an.empty.text","value":{"stringValue":""}},{"key":"zero","value":{"intValue":"0"}},\
      {"key":"large","value":{"intValue":"9223372036854775807"}},{"key":"negative","value":{"intValue":"-1"}},\
      {"key":"long","value":{"stringValue":"\(String(repeating: "x", count: 1024))"}}],\
      "status":{"message":"UPSTREAM_TIMEOUT: outcome_unknown","code":"STATUS_CODE_ERROR"}}
      """
    let second = """
      {"traceId":"CvdlGRbNQ92ESOshHIAxnA==","spanId":"AAAAAAAAAAE=","flags":256,"name":"tools/call read",\
      "kind":"SPAN_KIND_CLIENT","startTimeUnixNano":"1","endTimeUnixNano":"2"}
      """
    try #require(decoded.count == 3)
    #expect(Self.sorted(decoded[0]) == Self.sorted(head + #","spans":["# + first + "," + second + "]}]}]}"))
    #expect(Self.sorted(decoded[1]) == Self.sorted(head + "}]}]}"))
    let spans = try #require(
      JSONSlice(validating: Array(decoded[2].utf8)).member("resourceSpans")?.elements.first { _ in true })
    let names = spans.member("scopeSpans")?.elements.first { _ in true }?.member("spans")?.elements.map {
      $0.member("name")?.string
    }
    #expect(names == (0..<600).map { "\($0)" })
  }

  /// JSON with its members in one order.
  private static func sorted(_ text: String) -> String {
    guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8)),
      let data = try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .prettyPrinted])
    else { return "no JSON: \(text)" }
    return String(decoding: data, as: UTF8.self)
  }

  private static func decode(_ messages: [[UInt8]]) throws -> [String] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let python = root.appendingPathComponent(".venv-otlp/bin/python")
    try #require(
      FileManager.default.isExecutableFile(atPath: python.path), "\(python.path) is missing; run scripts/setup --test")
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("wp-otlp-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let (input, output) = (directory.appendingPathComponent("in"), directory.appendingPathComponent("out"))
    let hex = messages.map { message in message.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
    try Data((hex.joined(separator: "\n") + "\n").utf8).write(to: input)
    try Data().write(to: output)
    let process = Process()
    process.executableURL = python
    process.arguments = ["-B", root.appendingPathComponent("Tests/Peers/otlp_decode.py").path]
    process.standardInput = try FileHandle(forReadingFrom: input)
    process.standardOutput = try FileHandle(forWritingTo: output)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: try Data(contentsOf: output), as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
