import Protocol

/// What a text of the upstream means for a session. Pure.
enum IncomingMessage {
  /// An answer; without a result it counts as an empty one (contract §3.2).
  case result(id: Int, JSONSlice?)
  /// An error answer; without an id if the upstream could not read ours.
  case error(id: Int?, UpstreamError)
  /// An answer that cannot be used.
  case unusable(id: Int, CallFailure)
  /// The upstream asks us.
  case request(id: RequestID, method: String)
  case notification(method: String, JSONSlice?)
  /// An answer with an id that is none of our numbers.
  case foreign(RequestID?, isError: Bool)
  /// No message; what to note about it.
  case noise(String)

  /// Longest message accepted, in bytes: a frame less what an answer adds.
  static let longest = Frame.maximumLength - (1 << 20)

  /// The messages in one text: none if it is blank, several if it is a batch (2025-03-26 allows them).
  static func read(_ text: [UInt8]) -> [IncomingMessage] {
    var bytes = text
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
    guard bytes.contains(where: { $0 > 0x20 }) else { return [] }
    do {
      return [IncomingMessage(try JSONRPCMessage(parsing: bytes, limits: .upstream))]
    } catch JSONRPCError.batch {
      guard let batch = try? JSONSlice(validating: bytes, limits: .upstream) else { return [] }
      return batch.elements.compactMap { element in (try? JSONRPCMessage(element)).map { IncomingMessage($0) } }
    } catch {
      return [IncomingMessage(error, bytes)]
    }
  }

  /// A message that was over the limit and is gone, but for its first bytes.
  static func oversized(prefix: [UInt8]) -> [IncomingMessage] {
    let noise = IncomingMessage.noise("a message of over \(longest) bytes was dropped")
    guard let id = MessagePrefix.integerID(in: prefix) else { return [noise] }
    return [noise, .unusable(id: id, CallFailure(.answerTooLarge, "its answer is over \(longest) bytes"))]
  }

  private init(_ message: JSONRPCMessage) {
    switch message.kind {
    case .response(.int(let id)): self = .result(id: Int(id), message.result)
    case .errorResponse(.int(let id)?): self = .error(id: Int(id), UpstreamError(message))
    case .errorResponse(nil): self = .error(id: nil, UpstreamError(message))
    case .request(let id, let method): self = .request(id: id, method: method)
    case .notification(let method): self = .notification(method: method, message.params)
    case .response(let id): self = .foreign(id, isError: false)
    case .errorResponse(let id): self = .foreign(id, isError: true)
    }
  }

  private init(_ error: JSONRPCError, _ bytes: [UInt8]) {
    switch error {
    case .noContent(.int(let id)?): self = .result(id: Int(id), nil)
    default:
      if case .int(let id)? = error.id {
        self = .unusable(id: Int(id), CallFailure(.badAnswer, "its answer is no valid JSON-RPC: \(error)"))
      } else {
        self = .noise("not a protocol message: \(String(decoding: bytes.prefix(200), as: UTF8.self))")
      }
    }
  }

  /// The id of the request of ours that this answers.
  var answeredID: Int? {
    switch self {
    case .result(let id, _), .unusable(let id, _): id
    case .error(let id, _): id
    case .request, .notification, .foreign, .noise: nil
    }
  }
}
