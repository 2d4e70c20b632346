import Protocol

/// A client's request that has no answer yet.
struct BridgeRequest {
  let id: RequestID
  let line: [UInt8]
  /// In the order of the client.
  let sequence: Int
  /// Whether carrying it out can change something. To a second daemon such a request goes as a question for what became
  /// of it.
  let isExecuting: Bool
  let isInitialize: Bool
  /// A subscription: it is never answered while it is open.
  let isSubscription: Bool
  /// What it changes for as long as the client is there.
  let wish: BridgeWishes.Wish?
  /// Up to which byte of the link it goes; nil while there is no link.
  var linkEnd: Int?
  /// When it was sent for the first time, in nanoseconds of the monotonic clock.
  var askedAt: Int64?
  /// A daemon that is gone may have begun to carry it out.
  var isDoubtful = false

  init(_ id: RequestID, _ method: String, _ params: JSONSlice?, line: [UInt8], sequence: Int) {
    self.id = id
    self.line = line
    self.sequence = sequence
    // Of our own tools some only list, but in full and direct exposure a server may have one of the same name.
    isExecuting = ["tools/call", "resources/read", "prompts/get"].contains(method)
    isInitialize = method == "initialize"
    isSubscription = method == "subscriptions/listen"
    wish = BridgeWishes.Wish(method, params)
  }

  /// Whether it only reads, however often.
  private static func reads(_ method: String, _ params: JSONSlice?) -> Bool {
    guard method == "tools/call" else { return true }
    let reading = [
      "capabilities_list", "capability_describe", "resources_list", "resource_read", "prompts_list", "prompt_get",
    ]
    return reading.contains(params?.member("name")?.string ?? "")
  }

  /// The answer that the bridge gives in place of a daemon: for a tool the envelope that it would return, otherwise an
  /// error with the envelope's error object as its data (contract §3.2, §5.3, §5.4).
  func failed(_ failure: OperationFailure, legacy: ProtocolRevision, traceID: String) -> [UInt8] {
    guard let message = try? JSONRPCMessage(parsing: line), case .request(_, let method) = message.kind else {
      fatalError("a line that was a request is none any more")
    }
    let params = message.params
    let meta = params?.member("_meta")
    let requestID = params?.member("arguments")?.member("request_id")
    var failure = failure
    failure.repetition = Self.reads(method, params) ? .safe : .unsafe
    let traceID = meta?.member("traceparent")?.string.flatMap(Self.traceID) ?? traceID
    let envelope = Envelope.failure(requestID: requestID, traceID: traceID, failure)
    guard method == "tools/call" else {
      return JSONRPCWriter.error(
        id: id, code: MCPErrorCode.internalError, message: failure.message,
        data: JSONSlice.trusted(envelope).member("error"))
    }
    let isModern = meta?.member(MetaKey.protocolVersion) != nil
    return JSONRPCWriter.result(id: id, reserving: 1024) { writer in
      writer.beginObject()
      if isModern { writer.member("resultType", "complete") }
      writer.key("content")
      writer.beginArray()
      writer.beginObject()
      writer.member("type", "text")
      writer.member("text", String(decoding: envelope, as: UTF8.self))
      writer.endObject()
      writer.endArray()
      if isModern || legacy >= .june2025 {
        writer.key("structuredContent")
        writer.splice(text: envelope)
      }
      writer.member("isError", true)
      writer.endObject()
    }
  }

  /// The trace id of a valid `traceparent` (W3C Trace Context, version 00).
  private static func traceID(_ traceparent: String) -> String? {
    let parts = traceparent.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0].elementsEqual("00".utf8), parts[1].count == 32, parts[2].count == 16,
      parts[1].allSatisfy({ "0123456789abcdef".utf8.contains($0) }), parts[1].contains(where: { $0 != 0x30 })
    else { return nil }
    return String(parts[1])
  }
}
