/// Cuts a byte stream into lines. The line feed and a carriage return before it are not part of a line. Pure.
///
/// A line over the limit is dropped to its end and reported once, so that one oversized message costs itself and not
/// the connection (mcp-checklist STD-14).
package struct LineDecoder: Sendable {
  /// What the stream held.
  package enum Line: Sendable, Equatable {
    case line([UInt8])
    /// A line that was over the limit; its first bytes (`keptPrefix` at most, and not over the limit) may tell what it
    /// was.
    case oversized(prefix: [UInt8])
  }

  /// Bytes that are kept of an oversized line.
  package static let keptPrefix = 256

  private let limit: Int
  private var partial: [UInt8] = []
  private var isSkipping = false

  /// `limit`: longest line accepted, in bytes.
  package init(limit: Int) { self.limit = limit }

  /// Bytes of an unfinished line that are held.
  package var heldBytes: Int { partial.count }

  /// Takes a piece of the stream and calls `body` with each line that it completes.
  package mutating func feed(_ chunk: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
    var start = 0
    while start < chunk.count {
      let rest = UnsafeRawBufferPointer(rebasing: chunk[start...])
      guard let length = rest.firstIndex(of: 0x0a) else {
        hold(rest, body)
        return
      }
      let piece = UnsafeRawBufferPointer(rebasing: rest[..<length])
      start += length + 1
      if isSkipping {
        isSkipping = false
      } else if partial.isEmpty {
        complete([UInt8](piece), body)
      } else {
        var line = partial
        partial = []
        line.append(contentsOf: piece)
        complete(line, body)
      }
    }
  }

  /// The unfinished rest, to be taken at the end of the stream.
  package mutating func finish(_ body: (Line) -> Void) {
    let rest = partial
    partial = []
    if !rest.isEmpty { complete(rest, body) }
  }

  private mutating func hold(_ rest: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
    if isSkipping { return }
    let count = partial.count + rest.count
    // A carriage return at the end may turn out to be no part of the line.
    if count > limit && !(count == limit + 1 && rest.last == 0x0d) {
      let start = partial.prefix(prefixLength) + rest.prefix(prefixLength)
      partial = []
      isSkipping = true
      body(.oversized(prefix: Array(start.prefix(prefixLength))))
    } else {
      partial.append(contentsOf: rest)
    }
  }

  private func complete(_ bytes: [UInt8], _ body: (Line) -> Void) {
    var line = bytes
    if line.last == 0x0d { line.removeLast() }
    body(line.count > limit ? .oversized(prefix: Array(line.prefix(prefixLength))) : .line(line))
  }

  /// Not over the limit, so that it does not depend on how the stream was cut.
  private var prefixLength: Int { min(Self.keptPrefix, limit) }
}
