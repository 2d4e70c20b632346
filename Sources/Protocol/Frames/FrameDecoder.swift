/// Why a byte stream cannot be frames.
package enum FrameError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The header announces more than the limit allows.
  case tooLarge(length: Int, limit: Int)
  /// The stream ended in the middle of a frame.
  case truncated(missing: Int)

  package var description: String {
    switch self {
    case .tooLarge(let length, let limit): "a frame of \(length) bytes is over the limit of \(limit) bytes"
    case .truncated(let missing): "the stream ended \(missing) bytes before the end of a frame"
    }
  }
}

/// The frame format of all our sockets: `[UInt32 big-endian length][payload]`.
package enum Frame {
  /// Largest payload in bytes. A message this large is a result of an upstream; ours are small.
  package static let maximumLength = 64 << 20
  package static let headerLength = 4

  /// Appends one frame.
  package static func append(_ payload: [UInt8], to bytes: inout [UInt8]) {
    appendHeader(length: payload.count, to: &bytes)
    bytes.append(contentsOf: payload)
  }

  static func appendHeader(length: Int, to bytes: inout [UInt8]) {
    if length > maximumLength { fatalError("a frame of \(length) bytes was to be sent") }
    let length = UInt32(length)
    bytes.append(UInt8(truncatingIfNeeded: length >> 24))
    bytes.append(UInt8(truncatingIfNeeded: length >> 16))
    bytes.append(UInt8(truncatingIfNeeded: length >> 8))
    bytes.append(UInt8(truncatingIfNeeded: length))
  }
}

/// Cuts a byte stream into frames, however it arrives. Pure; after an error it must not be fed again.
package struct FrameDecoder: Sendable {
  private enum State {
    /// Reading the length; `count` of its bytes are in `value`.
    case header(value: UInt32, count: Int)
    /// Reading a payload; `missing` bytes are to come.
    case payload(bytes: [UInt8], missing: Int)
  }

  private let limit: Int
  private var state = State.header(value: 0, count: 0)

  /// `limit`: largest payload accepted, in bytes.
  package init(limit: Int = Frame.maximumLength) { self.limit = limit }

  /// Takes a piece of the stream and calls `body` with each payload that it completes.
  package mutating func feed(_ chunk: UnsafeRawBufferPointer, _ body: ([UInt8]) -> Void) throws(FrameError) {
    var offset = 0
    while offset < chunk.count {
      switch state {
      case .header(var value, var count):
        while count < Frame.headerLength && offset < chunk.count {
          value = value << 8 | UInt32(chunk[offset])
          count += 1
          offset += 1
        }
        state = .header(value: value, count: count)
        guard count == Frame.headerLength else { return }
        let length = Int(value)
        if length > limit { throw .tooLarge(length: length, limit: limit) }
        if chunk.count - offset >= length {
          // The common case: the whole payload is here and is copied once.
          let payload = [UInt8](UnsafeRawBufferPointer(rebasing: chunk[offset..<offset + length]))
          offset += length
          state = .header(value: 0, count: 0)
          body(payload)
        } else {
          // Memory grows with what arrives, not with what the header promises.
          state = .payload(bytes: [], missing: length)
        }
      case .payload(var bytes, var missing):
        state = .header(value: 0, count: 0)
        let count = min(missing, chunk.count - offset)
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[offset..<offset + count]))
        offset += count
        missing -= count
        if missing == 0 {
          body(bytes)
        } else {
          state = .payload(bytes: bytes, missing: missing)
        }
      }
    }
  }

  /// To be called at the end of the stream: an error when a frame is incomplete.
  package func finish() throws(FrameError) {
    switch state {
    case .header(_, 0): return
    case .header(_, let count): throw .truncated(missing: Frame.headerLength - count)
    case .payload(_, let missing): throw .truncated(missing: missing)
    }
  }
}
