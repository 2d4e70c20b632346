/// Why bytes are not an HTTP/1.1 response.
package enum HTTPResponseError: Error, Sendable, Equatable, CustomStringConvertible {
  case malformed(String)
  case headTooLarge(limit: Int)
  case bodyTooLarge(limit: Int)
  /// The connection ended in the middle.
  case truncated

  package var description: String {
    switch self {
    case .malformed(let what): "not an HTTP/1.1 response: \(what)"
    case .headTooLarge(let limit): "the header is larger than \(limit) bytes"
    case .bodyTooLarge(let limit): "the body is larger than \(limit) bytes"
    case .truncated: "the connection ended before the response was complete"
    }
  }
}

/// Reads one HTTP/1.1 response (RFC 9112), however its bytes arrive. Pure; after an error it must not be fed again.
package struct HTTPResponseParser: Sendable {
  package static let headLimit = 64 << 10
  package static let bodyLimit = 64 << 20

  private enum Line {
    case status
    case header
    /// The size of a chunk; behind it come extensions, which mean nothing to us.
    case chunkSize
    /// The empty line behind the data of a chunk.
    case chunkEnd
    case trailer
  }

  private enum State {
    case line(Line)
    /// `rest` bytes of the body, or of the current chunk, are to come.
    case data(rest: Int, isChunk: Bool)
    /// The body is everything up to the end of the connection.
    case untilEnd
    case complete
  }

  package private(set) var status = 0
  package private(set) var body: [UInt8] = []

  private var state = State.line(.status)
  private var line: [UInt8] = []
  /// Bytes of header, chunk lines and trailer so far; bounded together.
  private var headLength = 0
  private var contentLength: Int?
  private var isChunked = false

  package init() {}

  /// Whether the response is all there; further bytes are ignored.
  package var isComplete: Bool {
    if case .complete = state { true } else { false }
  }

  /// Takes a piece of the stream.
  package mutating func feed(_ chunk: UnsafeRawBufferPointer) throws(HTTPResponseError) {
    var offset = 0
    while offset < chunk.count {
      switch state {
      case .line(let kind):
        let byte = chunk[offset]
        offset += 1
        headLength += 1
        if headLength > Self.headLimit { throw .headTooLarge(limit: Self.headLimit) }
        guard byte == 0x0A else {
          line.append(byte)
          continue
        }
        if line.last == 0x0D { line.removeLast() }
        let text = String(decoding: line, as: UTF8.self)
        line.removeAll(keepingCapacity: true)
        try finish(line: text, kind)
      case .data(let rest, let isChunk):
        let count = min(rest, chunk.count - offset)
        try append(chunk, offset, count)
        offset += count
        if count < rest {
          state = .data(rest: rest - count, isChunk: isChunk)
        } else {
          state = isChunk ? .line(.chunkEnd) : .complete
        }
      case .untilEnd:
        try append(chunk, offset, chunk.count - offset)
        offset = chunk.count
      case .complete:
        return
      }
    }
  }

  /// To be called at the end of the connection.
  package mutating func finish() throws(HTTPResponseError) {
    switch state {
    case .untilEnd: state = .complete
    case .complete: break
    case .line, .data: throw .truncated
    }
  }

  private mutating func append(
    _ chunk: UnsafeRawBufferPointer, _ offset: Int, _ count: Int
  ) throws(HTTPResponseError) {
    if body.count + count > Self.bodyLimit { throw .bodyTooLarge(limit: Self.bodyLimit) }
    body.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[offset..<offset + count]))
  }

  private mutating func finish(line text: String, _ kind: Line) throws(HTTPResponseError) {
    switch kind {
    case .status:
      try readStatus(text)
      state = .line(.header)
    case .header:
      if text.isEmpty { try finishHead() } else { try readHeader(text) }
    case .chunkSize:
      let digits = text.prefix { $0 != ";" && $0 != " " && $0 != "\t" }
      guard !digits.isEmpty, digits.allSatisfy(\.isHexDigit), let size = Int(digits, radix: 16) else {
        throw .malformed("chunk size")
      }
      if size > Self.bodyLimit - body.count { throw .bodyTooLarge(limit: Self.bodyLimit) }
      state = size == 0 ? .line(.trailer) : .data(rest: size, isChunk: true)
    case .chunkEnd:
      guard text.isEmpty else { throw .malformed("end of a chunk") }
      state = .line(.chunkSize)
    case .trailer:
      if text.isEmpty { state = .complete }
    }
  }

  private mutating func readStatus(_ text: String) throws(HTTPResponseError) {
    let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0] == "HTTP/1.1" || parts[0] == "HTTP/1.0", parts[1].utf8.count == 3,
      let code = Int(parts[1]), (100..<600).contains(code)
    else { throw .malformed("status line") }
    status = code
  }

  private mutating func readHeader(_ text: String) throws(HTTPResponseError) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .malformed("header line") }
    let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
    let trimmed = String(value.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    switch text[..<colon].lowercased() {
    case "content-length":
      guard !trimmed.isEmpty, trimmed.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let length = Int(trimmed),
        contentLength == nil || contentLength == length
      else { throw .malformed("content-length") }
      contentLength = length
    case "transfer-encoding":
      guard trimmed.lowercased() == "chunked", !isChunked else { throw .malformed("transfer-encoding") }
      isChunked = true
    default: break
    }
  }

  private mutating func finishHead() throws(HTTPResponseError) {
    if status < 200 {
      // An interim response (RFC 9110, section 15.2); the real one follows.
      contentLength = nil
      isChunked = false
      state = .line(.status)
    } else if status == 204 || status == 304 {
      state = .complete
    } else if isChunked {
      if contentLength != nil { throw .malformed("both content-length and transfer-encoding") }
      state = .line(.chunkSize)
    } else if let contentLength {
      if contentLength > Self.bodyLimit { throw .bodyTooLarge(limit: Self.bodyLimit) }
      state = contentLength == 0 ? .complete : .data(rest: contentLength, isChunk: false)
    } else {
      state = .untilEnd
    }
  }
}
