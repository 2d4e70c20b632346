import HTTPClient
import Protocol
import Testing

@testable import Exporter

@Suite struct GRPCTests {
  @Test("a body is a message with its length, and nothing else")
  func framing() throws {
    #expect(GRPCMessage.frame([]) == [0, 0, 0, 0, 0])
    let message = [UInt8](repeating: 7, count: 0x1_02_03)
    let body = GRPCMessage.frame(message)
    #expect(body.prefix(5) == [0, 0, 1, 2, 3])
    #expect(Array(try GRPCMessage.only(in: body)) == message)
    for (body, problem) in [
      ([], .incomplete), ([0, 0, 0, 0], .incomplete), ([0, 0, 0, 0, 1], .incomplete), ([1, 0, 0, 0, 0], .compressed),
      ([0, 0, 0, 0, 0, 0], .several), ([0, 0xff, 0xff, 0xff, 0xff, 1], .incomplete),
    ] as [([UInt8], GRPCMessage.Problem)] {
      #expect(throws: problem) { try GRPCMessage.only(in: body) }
    }
  }

  @Test(
    "which codes are worth another attempt",
    arguments: zip(
      0...17,
      [
        false, true, false, false, true, false, false, false, false, false, true, true, false, false, true, true, false,
        false,
      ]))
  func retryable(_ code: Int, _ isRetryable: Bool) throws {
    let status = try #require(GRPCStatus([HTTPField("grpc-status", "\(code)")]))
    #expect(status.code == code && status.isRetryable == isRetryable && status.retryDelay == nil)
  }

  @Test("an exhausted server may be asked again if it says when")
  func retryInfo() throws {
    func delay(_ details: String, code: Int = 8) throws -> Duration? {
      let status = try #require(
        GRPCStatus([HTTPField("grpc-status", "\(code)"), HTTPField("grpc-status-details-bin", details)]))
      #expect(code != 8 || status.isRetryable == (status.retryDelay != nil))
      return status.retryDelay
    }
    // Made by the official library: a DebugInfo and a RetryInfo of 2.5 s; a RetryInfo without a time.
    let details =
      "CAgSCXNsb3cgZG93bhovCih0eXBlLmdvb2dsZWFwaXMuY29tL2dvb2dsZS5ycGMuRGVidWdJbmZvEgMSAXgaNgoodHlwZS5nb29nbGVhcGlzL"
      + "mNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIAhCAyrXuAQ=="
    #expect(try delay(details) == .milliseconds(2500))
    #expect(try delay(String(details.dropLast(2)), code: 14) == .milliseconds(2500))
    #expect(
      try delay("CAgaKgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbw==") == .zero)
    for bad in ["", "!", "CAgSCXNsb3cgZG93bg", "GgU", String(repeating: "A", count: 9000)] {
      #expect(try delay(bad) == nil, "\(bad.prefix(20))")
    }
  }

  @Test(
    "messages are percent-encoded",
    arguments: [("", ""), ("a%20b", "a b"), ("%C3%BC", "ü"), ("100%", "100%"), ("%zz%4", "%zz%4"), ("%ff", "\u{fffd}")])
  func message(_ text: String, _ wanted: String) throws {
    #expect(GRPCStatus([HTTPField("grpc-status", "3"), HTTPField("grpc-message", text)])?.message == wanted)
  }

  @Test("an answer without a gRPC status is a proxy's")
  func httpStatus() {
    #expect(GRPCStatus([]) == nil)
    #expect(GRPCStatus([HTTPField("grpc-status", "x")])?.code == GRPCStatus.unknown)
    for (status, code) in [
      (400, 13), (401, 16), (403, 7), (404, 12), (429, 14), (502, 14), (503, 14), (504, 14), (500, 2), (200, 2),
    ] {
      #expect(GRPCStatus(httpStatus: status).code == code)
    }
  }

  private static func answer(
    _ status: Int = 200, head: [(String, String)] = [], trailers: [(String, String)] = [], body: [UInt8] = []
  ) throws -> Result<HTTPAnswer, HTTPFailure> {
    let url = try #require(HTTPURL("http://127.0.0.1:4317/"))
    let fields = { (pairs: [(String, String)]) in pairs.map { HTTPField($0.0, $0.1) } }
    return .success(
      HTTPAnswer(
        head: HTTPResponseHead(status: status, fields: fields(head), url: url), body: body, trailers: fields(trailers)))
  }

  @Test("what an attempt means")
  func outcomes() throws {
    let ok = ("grpc-status", "0")
    #expect(
      ExportOutcome(try Self.answer(trailers: [ok], body: [0, 0, 0, 0, 0])) == .accepted(rejected: 0, message: ""))
    #expect(ExportOutcome(try Self.answer(trailers: [ok], body: [9])) == .accepted(rejected: 0, message: ""))
    let partial: [UInt8] = [0, 0, 0, 0, 13, 0x0a, 0x0b, 0x08, 0x03, 0x12, 0x07] + Array("too old".utf8)
    #expect(ExportOutcome(try Self.answer(trailers: [ok], body: partial)) == .accepted(rejected: 3, message: "too old"))
    // Headers only; the trailers count where there are both.
    #expect(
      ExportOutcome(try Self.answer(head: [("grpc-status", "16"), ("grpc-message", "no%0Atoken")]))
        == .refused("the collector answered UNAUTHENTICATED: no token"))
    #expect(
      ExportOutcome(try Self.answer(head: [ok], trailers: [("grpc-status", "14")]))
        == .unavailable("the collector answered UNAVAILABLE", delay: nil))
    #expect(
      ExportOutcome(try Self.answer(503))
        == .unavailable("the collector answered UNAVAILABLE: HTTP status 503 without a gRPC status", delay: nil))
    #expect(
      ExportOutcome(try Self.answer(404))
        == .refused("the collector answered UNIMPLEMENTED: HTTP status 404 without a gRPC status"))
    #expect(
      ExportOutcome(try Self.answer(head: [("content-type", "application/grpc")], body: [0, 0, 0, 0, 0]))
        == .unavailable("broke the connection in the middle of its answer", delay: nil))
    let long = ExportOutcome(
      try Self.answer(head: [("grpc-status", "3"), ("grpc-message", String(repeating: "x", count: 999))]))
    guard case .refused(let detail) = long else { Issue.record("\(long)"); return }
    #expect(detail.count < 300)
  }

  @Test("only what may pass is tried again", arguments: HTTPFailure.Reason.allCases)
  func failures(_ reason: HTTPFailure.Reason) {
    let final: Set<HTTPFailure.Reason> = [
      .libraryMissing, .invalidRequest, .tls, .forbiddenAddress, .redirect, .tooLarge,
    ]
    let outcome = ExportOutcome(.failure(HTTPFailure(reason, "cannot", wasSent: false)))
    #expect(outcome == (final.contains(reason) ? .refused("cannot") : .unavailable("cannot", delay: nil)))
  }
}
