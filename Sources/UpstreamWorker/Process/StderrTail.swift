import Protocol

/// What an upstream says outside the protocol, bounded: the last lines for error messages, and batches for the log.
/// A flood is counted instead of kept. Pure.
struct StderrTail {
  /// Lines kept for error messages.
  static let keptLines = 20
  /// Longest line that is kept, in bytes; the rest of a longer one is cut off.
  static let longestLine = 2048
  /// Lines that may wait for the next batch; more are counted and dropped.
  static let longestBatch = 200

  /// Bytes as they came: most lines of a flood are dropped, and are never decoded.
  private var kept: [ArraySlice<UInt8>] = []
  private var batch: [ArraySlice<UInt8>] = []
  private var dropped = 0

  /// True when `takeBatch` has something to give.
  var hasBatch: Bool { !batch.isEmpty || dropped > 0 }

  mutating func add(_ bytes: [UInt8]) {
    let line = bytes.prefix(Self.longestLine)
    guard line.contains(where: { $0 > 0x20 }) else { return }
    kept.append(line)
    if kept.count > Self.keptLines { kept.removeFirst(kept.count - Self.keptLines) }
    if batch.count < Self.longestBatch { batch.append(line) } else { dropped += 1 }
  }

  /// The last lines.
  var lines: [String] { kept.map { String(decoding: $0, as: UTF8.self) } }

  /// Lines since the last batch, and how many more there were.
  mutating func takeBatch() -> (lines: [String], dropped: Int) {
    defer {
      batch = []
      dropped = 0
    }
    return (batch.map { String(decoding: $0, as: UTF8.self) }, dropped)
  }

  /// The last line, for an error message; cut to 200 characters.
  var lastWords: String? { kept.last.map { String(decoding: $0, as: UTF8.self).clipped(to: 200) } }
}
