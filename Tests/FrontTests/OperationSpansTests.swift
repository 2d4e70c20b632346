import Platform
import Protocol
import Supervisor
import Telemetry
import Testing

@testable import Front

@Suite struct OperationSpansTests {
  private static let trace = TraceContext(
    traceID: TraceID("0af7651916cd43dd8448eb211c80319c")!, spanID: 0x10, flags: 1, parentSpanID: 0x9)
  private static let time = SpanTime(now: MonotonicTime(nanoseconds: 5_000_000_000), calendar: 1_000_000_000_000)

  private static func operation(
    _ kind: EntryKind, _ id: String, server: String = "fs", requestID: String? = nil,
    purpose: FrontOperation.Purpose = .carryOut, trace: TraceContext = trace, isTraced: Bool = true
  ) -> FrontOperation {
    var random = BufferedRandom()
    var operation = FrontOperation(
      id: .random(using: &random), kind: kind, purpose: purpose, target: Asker(), trace: trace,
      requestID: requestID.map { .trusted($0) }, entryID: id, asked: id, payload: .trusted(#"{"password":"secret"}"#),
      admitted: MonotonicTime(nanoseconds: 3_000_000_000))
    operation.server = server
    if isTraced { operation.tracedRequest = request(trace) }
    return operation
  }

  private static func request(_ trace: TraceContext = trace, name: String = "read") -> TracedRequest {
    TracedRequest(
      context: TraceContext(traceID: trace.traceID, spanID: 0x11, flags: 1, parentSpanID: trace.spanID),
      upstreamName: name, isOverHTTP: false)
  }

  private static func texts(_ span: Span) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: span.attributes.map { attribute in
        switch attribute.value {
        case .string(let text): (attribute.key, text)
        case .integer(let number): (attribute.key, "\(number)")
        }
      })
  }

  @Test("the span of an operation has its ids, outcome and time, and nothing of its payload")
  func operation() {
    let span = OperationSpans.operation(
      Self.operation(.capability, "fs.read", requestID: #""r-1""#), .success(.trusted(#"{"content":["secret"]}"#)),
      at: Self.time)
    #expect(span.name == "tools/call fs.read" && span.kind == .server && span.status == .unset)
    #expect(span.context == Self.trace && span.isParentRemote)
    #expect(span.start == 998_000_000_000 && span.end == 1_000_000_000_000)
    #expect(
      Self.texts(span) == [
        "warmplane.surface": "test", "warmplane.server": "fs", "warmplane.capability_id": "fs.read",
        "warmplane.request_id": "r-1", "warmplane.outcome_code": "OK", "warmplane.duration_ms": "2000",
      ])
  }

  @Test("a failure has code and reason, no message")
  func failure() {
    let failure = OperationFailure(
      status: 504, code: .upstreamTimeout, message: "secret", isRetryable: true, reason: "outcome_unknown")
    let span = OperationSpans.operation(Self.operation(.prompt, "fs.greet"), .failure(failure), at: Self.time)
    #expect(span.name == "prompts/get fs.greet")
    #expect(span.status == .error("UPSTREAM_TIMEOUT: outcome_unknown"))
    let texts = Self.texts(span)
    #expect(texts["warmplane.outcome_code"] == "UPSTREAM_TIMEOUT" && texts["warmplane.reason"] == "outcome_unknown")
    #expect(texts["error.type"] == "outcome_unknown" && texts["warmplane.prompt_id"] == "fs.greet")
    #expect(!texts.values.contains { $0.contains("secret") })
  }

  @Test("names of spans have ids only where these are few")
  func names() {
    func name(_ operation: FrontOperation, _ result: Result<JSONSlice?, OperationFailure> = .success(nil)) -> String {
      OperationSpans.operation(operation, result, at: Self.time).name
    }
    #expect(name(Self.operation(.resource, "fs.file:///a")) == "resources/read")
    #expect(
      name(Self.operation(.capability, "fs.read", server: "", purpose: .describe, isTraced: false))
        == "capabilities/describe fs.read")
    let unknown = Self.operation(.capability, "fs.nonsense", isTraced: false)
    #expect(name(unknown, .failure(FailureMapping.unknown(.capability, "fs.nonsense"))) == "tools/call")
    let long = Self.operation(.capability, String(repeating: "é", count: 5000))
    #expect(name(long) == "tools/call " + String(repeating: "é", count: 64))
    #expect(
      Self.texts(OperationSpans.operation(long, .success(nil), at: Self.time)).values.allSatisfy {
        $0.utf8.count <= 1024
      })
  }

  @Test("a request that could not be read has a span without length")
  func refusal() {
    let failure = OperationFailure(status: 400, code: .invalidArgs, message: "secret", reason: "invalid_json")
    let root = TraceContext(traceID: Self.trace.traceID, spanID: 7)
    let span = OperationSpans.refusal(
      failure, .capability, surface: "http", requestID: nil, context: root, at: Self.time)
    #expect(span.name == "tools/call" && span.start == span.end && !span.isParentRemote)
    #expect(span.status == .error("INVALID_ARGS: invalid_json"))
  }

  @Test(
    "the span of an upstream request tells how it ended",
    arguments: [
      (OperationEnd.answered(.completed(.trusted("{}"))), nil, nil),
      (.answered(.rejected(.trusted(#"{"code":-32602,"message":"secret"}"#))), "-32602", "-32602"),
      (.answered(.rejected(.trusted(#"{"code":"x"}"#))), "_OTHER", nil),
      (.answered(.unknown(CallFailure(.timeout, "secret"))), "timeout", nil),
      (.answered(.failed(CallFailure(.answerTooLarge, "secret"))), "answer_too_large", nil),
      (.lost("secret"), "worker_lost", nil),
      (nil, "cancelled", nil),
    ] as [(OperationEnd?, String?, String?)])
  func request(_ end: OperationEnd?, _ errorType: String?, _ status: String?) throws {
    let span = try #require(
      OperationSpans.request(
        Self.request(), .capability, server: "fs", end, sentAt: MonotonicTime(nanoseconds: 4_000_000_000),
        at: Self.time))
    #expect(span.name == "tools/call read" && span.kind == .client && !span.isParentRemote)
    #expect(span.context.parentSpanID == Self.trace.spanID && span.context.spanID == 0x11)
    #expect(span.start == 999_000_000_000 && span.end == 1_000_000_000_000)
    #expect(span.status == errorType.map(Span.Status.error) ?? .unset)
    let texts = Self.texts(span)
    #expect(texts["error.type"] == errorType && texts["rpc.response.status_code"] == status)
    #expect(texts["mcp.method.name"] == "tools/call" && texts["gen_ai.tool.name"] == "read")
    #expect(texts["gen_ai.operation.name"] == "execute_tool" && texts["network.transport"] == "pipe")
    #expect(!texts.values.contains { $0.contains("secret") })
  }

  @Test("what never reached the server has no span of its own")
  func notSent() {
    let ends: [OperationEnd] = [
      .answered(.notSent(CallFailure(.queueFull, ""))), .unavailable(.restarting, message: ""), .expiredWhileStarting,
    ]
    for end in ends {
      let span = OperationSpans.request(
        Self.request(), .resource, server: "fs", end, sentAt: Self.time.now, at: Self.time)
      #expect(span == nil)
    }
  }

  @Test("a tool that says that it failed marks both spans")
  func toolError() {
    let operation = Self.operation(.capability, "fs.read")
    operation.tracedRequest?.isToolError = true
    let outer = OperationSpans.operation(operation, .success(nil), at: Self.time)
    #expect(outer.status == .error("tool_error") && Self.texts(outer)["warmplane.outcome_code"] == "OK")
    let inner = OperationSpans.request(
      operation.tracedRequest!, .capability, server: "fs", .answered(.completed(nil)), sentAt: Self.time.now,
      at: Self.time)
    #expect(inner?.status == .error("tool_error"))
  }
}

/// Somebody who asks and hears nothing.
private final class Asker: ReplyTarget {
  var scope: Scope { .everything }
  var surface: String { "test" }
  var origin: RequestOrigin? { nil }
  var delivery: Delivery { .done }
  func reply(status: Int, body: [UInt8], allow: String?) {}
  func began(_ operation: OperationID, abandon: @escaping () -> Void) {}
  func ended(_ operation: OperationID) {}
}
