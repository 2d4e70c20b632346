import Platform
import Protocol
import Supervisor
import Telemetry
import Testing

@testable import Front

/// Keys as requests bring them, outcomes as they are kept, and what goes with an operation to its worker.
@Suite("keys and outcomes") struct KeyedRequestTests {
  // MARK: Keys

  static let longest = String(repeating: "k", count: 255)

  @Test(arguments: [
    ("a", true), ("order 17/b:{}\"~", true), (longest, true), (longest + "k", false), ("", false), (" a", false),
    ("a ", false), ("a\tb", false), ("é", false), ("a\u{7F}", false), ("a\n", false),
  ])
  func acceptable(text: String, isAcceptable: Bool) throws {
    #expect(IdempotencyKey.isAcceptable(text) == isAcceptable)
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("capability_id", "s.t")
    writer.member("args", JSONSlice.emptyObject)
    writer.member("idempotency_key", text)
    writer.endObject()
    switch OperationRequest.decode(.capability, writer.finish()) {
    case .success(let request): #expect(isAcceptable && request.key?.text == text)
    case .failure(let refusal): #expect(!isAcceptable && refusal.reason == "invalid_field", "\(refusal)")
    }
  }

  @Test(
    "the member",
    arguments: [
      (#""k""#, "k", true), ("null", nil, true), ("7", nil, false), ("{}", nil, false),
      (#""a","idempotency_key":"a""#, nil, false),
    ] as [(String, String?, Bool)])
  func member(value: String, key: String?, isAccepted: Bool) {
    let body = #"{"resource_id":"x","idempotency_key":\#(value),"request_id":"r"}"#
    switch OperationRequest.decode(.resource, Array(body.utf8)) {
    case .success(let request): #expect(isAccepted && request.key?.text == key)
    case .failure(let refusal): #expect(!isAccepted && refusal.reason == "invalid_field")
    }
  }

  typealias Header = RequestHead.Occurrence

  @Test(
    "headers and member must agree",
    arguments: [
      (.absent, .absent, nil, nil, true), (.once("k"), .absent, nil, "k", true), (.absent, .once("k"), nil, "k", true),
      (.once("k"), .once("k"), "k", "k", true), (.once(#""k""#), .once("k"), "k", "k", true),
      (.once(#""a"b""#), .absent, nil, #""a"b""#, true), (.once(#""""#), .absent, nil, #""""#, true),
      (.once("k"), .once("l"), nil, nil, false), (.once("k"), .absent, "l", nil, false),
      (.absent, .once("K"), "k", nil, false), (.repeated, .absent, nil, nil, false),
      (.absent, .repeated, "k", nil, false), (.once(""), .absent, nil, nil, false),
      (.once("é"), .absent, nil, nil, false), (.once(longest + "k"), .absent, nil, nil, false),
    ] as [(Header, Header, String?, String?, Bool)])
  func headers(new: Header, old: Header, member: String?, key: String?, isAccepted: Bool) throws {
    var head = RequestHead(method: .post, target: "/v1/prompts/get")
    head.idempotencyKey = new
    head.olderIdempotencyKey = old
    let body = #"{"prompt_id":"p","request_id":"r""# + (member.map { #","idempotency_key":"\#($0)""# } ?? "") + "}"
    switch OperationRequest.decode(.prompt, Array(body.utf8)).flatMap({ $0.keyed(by: head) }) {
    case .success(let request): #expect(isAccepted && request.key?.text == key)
    case .failure(let refusal):
      #expect(!isAccepted && refusal.reason == "invalid_field")
      #expect(refusal.requestID?.string == "r")
    }
  }

  // MARK: Outcomes

  @Test(
    "an outcome comes back as it was",
    arguments: [
      #"{"content":[],"n":1.0,"big":12345678901234567890}"#, "null", "7", #""é\u0000""#, "[ 1,\r\n 2 ]",
    ])
  func success(data: String) throws {
    let kept = KeptResult(.success(.trusted(data)))
    #expect(kept.state == .completed)
    let back = try #require(try KeptResult(reading: kept.bytes).result.get())
    #expect(Array(back.bytes) == Array(data.utf8))
  }

  @Test func noData() throws {
    let kept = KeptResult(.success(nil))
    #expect(try kept.result.get() == nil)
    #expect(kept.state == .completed)
  }

  @Test("deep data fits", arguments: [479, 480])
  func deep(levels: Int) throws {
    let data = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    #expect(try KeptResult(.success(.trusted(data))).result.get()?.range.count == 2 * levels)
  }

  @Test func failures() {
    var argument = OperationFailure(status: 502, code: .upstreamError, message: "no\n\"x\"", executionState: .completed)
    argument.argumentFault = .certain
    let unknown = OperationFailure(
      status: 504, code: .upstreamTimeout, message: "m", isRetryable: true, reason: "outcome_unknown")
    for (failure, state) in [(argument, KeptResult.State.failed), (unknown, .unknown)] {
      let kept = KeptResult(.failure(failure))
      #expect(kept.state == state)
      #expect(kept.result.failure == failure)
    }
  }

  @Test("of an outcome that is too large only the fact is kept")
  func tooLarge() {
    let kept = KeptResult(.success(.trusted("\"\(String(repeating: "x", count: KeptResult.longest))\"")))
    #expect(kept.bytes.count < 1000)
    #expect(kept.state == .completed)
    #expect(kept.result.failure?.reason == "outcome_not_kept")
    #expect(kept.result.failure?.executionState == .completed)
  }

  @Test(
    "what cannot be read is an unknown outcome",
    arguments: [
      "", "x", "[]", #"{"failure":{}}"#, #"{"failure":{"status":500,"code":"NEW","message":"","state":"unknown"}}"#,
    ])
  func unreadable(text: String) {
    let failure = KeptResult(reading: Array(text.utf8)).result.failure
    #expect(failure?.reason == "outcome_unknown" && failure?.executionState == .unknown)
  }

  // MARK: The worker's copy

  private static func operation(_ text: String, key: String?) -> FrontOperation {
    var generator = SystemRandomNumberGenerator()
    return FrontOperation(
      id: .random(), kind: .capability, purpose: .carryOut, target: Asked(text),
      trace: .generate(using: &generator), requestID: JSONSlice(text: text), entryID: text, asked: text,
      payload: .emptyObject,
      admitted: .now, keyed: key.map { KeyedRequest(IdempotencyKey(text: $0), .capability, id: text, payload: nil) },
      timeoutMilliseconds: 15_000)
  }

  @Test("the longest texts fit into the blob", arguments: [1, 100, 170, 800, 896, 897, 2000])
  func blobSize(count: Int) throws {
    let text = String(repeating: "\u{1}", count: min(count, 148)) + String(repeating: "x", count: max(0, count - 148))
    for key in [nil, String(repeating: "\"", count: 255)] {
      let blob = OperationBlob(Self.operation(text, key: key), front: String(repeating: "f", count: 32))
      #expect(blob.json.range.count <= CallFrame.longestBlob, "\(count): \(blob.json.range.count)")
      let back = try #require(OperationBlob(blob.json))
      #expect(back.keyed?.key.text == key && back.keyed?.binding == blob.keyed?.binding)
      #expect(back.record(of: .random(), server: "s", createdAt: 1)?.key == key)
    }
  }

  /// Somebody who can come back.
  private final class Asked: ReplyTarget {
    var scope: Scope { .everything }
    let origin: RequestOrigin?

    init(_ id: String) {
      origin = RequestOrigin(client: String(repeating: "c", count: 64), id: .string(id), reaskedAt: nil)
    }

    var surface: String { "test" }
    var delivery: Delivery { .done }
    func reply(status: Int, body: [UInt8], allow: String?) {}
    func began(_ operation: OperationID, abandon: @escaping () -> Void) {}
    func ended(_ operation: OperationID) {}
  }
}

extension JSONSlice {
  fileprivate init(text: String) {
    var writer = JSONWriter()
    writer.value(text)
    self = .trusted(writer.finish())
  }
}

extension Result where Failure == OperationFailure {
  fileprivate var failure: OperationFailure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}
