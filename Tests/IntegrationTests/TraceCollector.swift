import Foundation
import Glibc
import Protocol

/// A real OTLP collector (`Tests/Peers/otlp_collector.py`) as a process of its own, which ends with this object.
///
/// Unchecked: guarded by its use; each belongs to one test, whose body is one thread.
final class TraceCollector: @unchecked Sendable {
  /// One span as the collector understood it.
  struct Span {
    let json: JSONSlice

    var name: String { json.member("name")?.string ?? "" }
    var kind: String { json.member("kind")?.string ?? "" }
    /// In hexadecimal digits; empty without one.
    var traceID: String { hex("traceId") }
    var id: String { hex("spanId") }
    var parentID: String { hex("parentSpanId") }
    var isError: Bool { json.member("status")?.member("code")?.string == "STATUS_CODE_ERROR" }

    func attribute(_ key: String) -> String? {
      let values = json.member("attributes")?.elements.filter { $0.member("key")?.string == key } ?? []
      return values.first?.member("value").flatMap { $0.member("stringValue")?.string ?? $0.member("intValue")?.string }
    }

    private func hex(_ member: String) -> String {
      let bytes = json.member(member)?.string.flatMap { Data(base64Encoded: $0) } ?? Data()
      return bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
  }

  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var rest: [UInt8] = []
  private(set) var port = 0
  /// All requests so far, as they were taken by `next`.
  private(set) var requests: [JSONSlice] = []

  init(_ arguments: String...) throws {
    process.executableURL = URL(fileURLWithPath: try MCPPeers.path(".venv-otlp/bin/python"))
    process.arguments = ["-B", try MCPPeers.path("Tests/Peers/otlp_collector.py")] + arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    try output.fileHandleForWriting.close()
    try input.fileHandleForReading.close()
    guard let port = try line(within: 60).member("port")?.int else {
      throw DaemonFixture.Failure(description: "the collector has no port")
    }
    self.port = port
  }

  /// Ends it; nobody answers at its port any more.
  func stop() {
    guard process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  deinit { stop() }

  /// The environment of a daemon that exports to it, without waiting long.
  var environment: [String: String] {
    [
      "WARMPLANE_OTEL_ENABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:\(port)",
      "OTEL_BSP_SCHEDULE_DELAY": "50",
    ]
  }

  /// Waits for the next request.
  @discardableResult
  func next(within seconds: Double = 20) throws -> JSONSlice {
    let request = try line(within: seconds)
    requests.append(request)
    return request
  }

  /// Reads requests until they hold `count` spans altogether; all spans so far.
  func spans(_ count: Int) throws -> [Span] {
    while spans.count < count { try next() }
    return spans
  }

  /// The spans of the requests so far.
  var spans: [Span] {
    requests.flatMap { request in
      (request.member("spans")?.elements.map { $0 } ?? []).flatMap { resource in
        (resource.member("scopeSpans")?.elements.map { $0 } ?? []).flatMap { scope in
          scope.member("spans")?.elements.map { Span(json: $0) } ?? []
        }
      }
    }
  }

  private func line(within seconds: Double) throws -> JSONSlice {
    while true {
      if let end = rest.firstIndex(of: 0x0A) {
        defer { rest.removeSubrange(...end) }
        return try JSONSlice(validating: Array(rest[..<end]))
      }
      var entry = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, Int32(seconds * 1000)) > 0 else {
        throw DaemonFixture.Failure(description: "the collector got nothing within \(seconds) s")
      }
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw DaemonFixture.Failure(description: "the collector has ended") }
      rest += data
    }
  }
}
