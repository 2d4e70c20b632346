import Protocol

/// What travels between supervisor and worker: the input is a byte stream of frames. Nothing may crash, and what is
/// understood is written and understood again as the same, payloads byte for byte.
struct WorkerFrameFuzzTarget: FuzzTarget {
  static let name = "worker"

  private static let operation = "0123456789abcdeffedcba9876543210"

  static let tokens: [[UInt8]] = [
    "\"jsonrpc\":\"2.0\",", "\"id\":\"\(operation)\",", "\"id\":1,", "\"method\":\"call\",", "\"params\":{},",
    "\"blob\":{},", "\"method\":\"tools/call\",", "\"timeoutMs\":1,", "\"timeoutMs\":-1,", "\"progress\":true,",
    "\"acknowledged\":[\"\(operation)\"],", "\"result\":{},", "\"outcome\":\"completed\",", "\"outcome\":\"rejected\",",
    "\"outcome\":\"unknown\",", "\"reason\":\"timeout\",", "\"value\":1.0,", "\"session\":{},", "\"inFlight\":[],",
    "\"frameVersions\":[1],", "\"protocolVersion\":\"2025-11-25\",", "\"_meta\":{\"progressToken\":1},",
    "\"capabilities\":{},", "\"catalogHash\":\"\",", "\"pid\":1,", "\"startedAt\":1,", "\"remainingMs\":1,", "\n",
    "\r\n", "\\u0000",
  ].map { Array($0.utf8) }

  private static let limit = 1 << 16

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    let whole = try payloads(of: input, chunks: [input.count])
    var chunks: [Int] = []
    while chunks.reduce(0, +) < input.count { chunks.append(.random(in: 1...16, using: &random)) }
    let pieces = try payloads(of: input, chunks: chunks)
    try require(whole == pieces, "the frames depend on how the bytes arrive")
    // Seeds and mutants are often one bare message.
    for payload in whole + [input] {
      guard let message = try? JSONRPCMessage(parsing: payload) else { continue }
      try check(message)
    }
  }

  func signature(of input: [UInt8]) -> UInt64 {
    guard let message = try? JSONRPCMessage(parsing: input) else { return 0 }
    let id: RequestID = .string(Self.operation)
    var signature: UInt64 = 1
    for isUnderstood in [
      CallFrame(id: id, params: message.params) != nil, CallAnswer(id: id, result: message.result) != nil,
      message.params.flatMap { UpstreamLaunch($0) } != nil, UpstreamSession(message.result) != nil,
      message.result.flatMap { WorkerSnapshot($0) } != nil, WorkerHello(message.params).commonFrameVersion != nil,
    ] {
      signature = signature << 1 | (isUnderstood ? 1 : 0)
    }
    return signature
  }

  private func payloads(of input: [UInt8], chunks: [Int]) throws -> [[UInt8]] {
    var decoder = FrameDecoder(limit: Self.limit)
    var payloads: [[UInt8]] = []
    var start = 0
    for chunk in chunks where start < input.count {
      let end = min(start + chunk, input.count)
      do {
        try feed(&decoder, input[start..<end], &payloads)
      } catch .tooLarge(let length, let limit) {
        try require(length > limit, "a frame was refused for no reason")
        break
      } catch {
        throw FuzzFailure("\(error)")
      }
      start = end
    }
    try require(payloads.allSatisfy { $0.count <= Self.limit }, "a frame over the limit")
    return payloads
  }

  private func feed(
    _ decoder: inout FrameDecoder, _ bytes: ArraySlice<UInt8>, _ payloads: inout [[UInt8]]
  ) throws(FrameError) {
    let result = bytes.withUnsafeBytes { bytes -> FrameError? in
      do throws(FrameError) {
        try decoder.feed(bytes) { payloads.append($0) }
        return nil
      } catch {
        return error
      }
    }
    if let result { throw result }
  }

  // MARK: Messages

  private func check(_ message: JSONRPCMessage) throws {
    let id: RequestID = .string(Self.operation)
    if let frame = CallFrame(id: id, params: message.params) { try check(frame) }
    if let answer = CallAnswer(id: id, result: message.result) { try check(answer) }
    if let launch = message.params.flatMap({ UpstreamLaunch($0) }) { try checkCopy("launch") { launch.write(to: &$0) } }
    if let session = UpstreamSession(message.result) {
      let copy = UpstreamSession(try JSONSlice(validating: written { session.write(to: &$0) }))
      try require(copy.map { same($0.capabilities, session.capabilities) } == true, "another session")
    }
    if let snapshot = message.result.flatMap({ WorkerSnapshot($0) }) {
      let copy = WorkerSnapshot(try JSONSlice(validating: written { snapshot.write(to: &$0) }))
      try require(
        copy?.inFlight.map(\.operation) == snapshot.inFlight.map(\.operation)
          && copy?.unacknowledged == snapshot.unacknowledged, "another snapshot")
    }
    let hello = WorkerHello(message.params)
    try require(
      WorkerHello(try JSONSlice(validating: written { hello.write(to: &$0) })) == hello, "another hello")
  }

  private func check(_ frame: CallFrame) throws {
    try require(frame.blob.range.count <= CallFrame.longestBlob && frame.timeoutMilliseconds >= 0, "out of bounds")
    let bytes = frame.encoded()
    try checkLine(bytes)
    let message = try JSONRPCMessage(parsing: bytes, limits: Self.deeper)
    let copy = CallFrame(id: .string(frame.operation.description), params: message.params)
    try require(
      copy.map { same($0.parameters, frame.parameters) && same($0.blob, frame.blob) && $0.method == frame.method }
        == true, "another call")
    for revision in ProtocolRevision.allCases {
      let request = UpstreamRequest(revision: revision).operation(
        id: 1, method: frame.method, parameters: frame.parameters, traceparent: frame.traceparent, progressToken: 1,
        version: "1")
      try checkLine(request)
      let sent = try JSONRPCMessage(parsing: request, limits: Self.deeper)
      let names = sent.params?.members.count { $0.key.isString("_meta") }
      try require(names == 1, "\(names ?? 0) times _meta")
      try require(sent.params?.member("_meta")?.member("progressToken")?.int == 1, "a foreign progress token")
    }
  }

  private func check(_ answer: CallAnswer) throws {
    let bytes = answer.encoded()
    try checkLine(bytes)
    let message = try JSONRPCMessage(parsing: bytes, limits: Self.deeper)
    let copy = CallAnswer(id: .string(answer.operation.description), result: message.result)
    try require(copy.map { same($0.blob, answer.blob) } == true, "another answer")
    switch (answer.outcome, copy?.outcome) {
    case (.completed(let value), .completed(let copy)?):
      try require(value.map { value in copy.map { same($0, value) } ?? false } ?? (copy == nil), "another value")
    case (.rejected(let value), .rejected(let copy)?): try require(same(copy, value), "another error")
    case (.failed(let failure), .failed(let copy)?), (.notSent(let failure), .notSent(let copy)?),
      (.unknown(let failure), .unknown(let copy)?):
      try require(failure == copy, "another failure")
    default: throw FuzzFailure("another outcome")
    }
  }

  // MARK: Tools

  /// Wrapping a value adds levels.
  private static let deeper = JSONLimits(maxBytes: .max, maxDepth: 1024)

  private func written(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    write(&writer)
    return writer.finish()
  }

  private func checkCopy(_ what: String, _ write: (inout JSONWriter) -> Void) throws {
    let slice = try JSONSlice(validating: written(write), limits: Self.deeper)
    try require(UpstreamLaunch(slice) != nil, "another \(what)")
  }

  private func checkLine(_ bytes: [UInt8]) throws {
    try require(!bytes.contains { $0 == 0x0A || $0 == 0x0D }, "a line break in one line")
  }

  /// The same text, up to line breaks between tokens.
  private func same(_ left: JSONSlice, _ right: JSONSlice) -> Bool {
    func text(_ slice: JSONSlice) -> [UInt8] {
      var writer = JSONWriter(oneLine: true)
      writer.splice(slice)
      return writer.finish()
    }
    return text(left) == text(right)
  }
}
