/// What an upstream says outside the protocol, bounded: the last lines for error messages, and batches for the log.
/// A flood is counted instead of kept. Pure.
struct StderrTail {
  /// Lines kept for error messages.
  static let keptLines = 20
  /// Longest line that is kept, in bytes; the rest of a longer one is cut off.
  static let longestLine = 2048
  /// Lines that may wait for the next batch; more are counted and dropped.
  static let longestBatch = 200

  private(set) var lines: [String] = []
  private var batch: [String] = []
  private var dropped = 0

  /// True when `takeBatch` has something to give.
  var hasBatch: Bool { !batch.isEmpty || dropped > 0 }

  mutating func add(_ bytes: some Collection<UInt8>) {
    let line = String(decoding: bytes.prefix(Self.longestLine), as: UTF8.self)
    guard line.contains(where: { !$0.isWhitespace }) else { return }
    lines.append(line)
    if lines.count > Self.keptLines { lines.removeFirst(lines.count - Self.keptLines) }
    if batch.count < Self.longestBatch { batch.append(line) } else { dropped += 1 }
  }

  /// Lines since the last batch, and how many more there were.
  mutating func takeBatch() -> (lines: [String], dropped: Int) {
    defer {
      batch = []
      dropped = 0
    }
    return (batch, dropped)
  }

  /// The last line, for an error message; cut to 200 characters.
  var lastWords: String? { lines.last?.clipped(to: 200) }
}
