/// Encoded spans that wait to be exported: bounded, the oldest first. When it is full, new ones are dropped and counted.
struct SpanQueue {
  /// Collectors refuse messages over 4 MiB unless told otherwise.
  static let mostBatchBytes = 2 << 20

  private let capacity: Int
  private let batchSize: Int
  private var spans: [[UInt8]] = []
  private(set) var dropped = 0

  init(capacity: Int, batchSize: Int) {
    self.capacity = capacity
    self.batchSize = batchSize
  }

  var count: Int { spans.count }
  var hasBatch: Bool { spans.count >= batchSize }

  /// Adds what `encode` makes; without room, nothing is encoded. Returns whether there was room.
  mutating func append(_ encode: () -> [UInt8]) -> Bool {
    guard spans.count < capacity else {
      dropped += 1
      return false
    }
    spans.append(encode())
    return true
  }

  /// Takes out as many as go into one request, at least one if there is any.
  mutating func takeBatch() -> [[UInt8]] {
    var bytes = 0
    var count = 0
    while count < min(batchSize, spans.count), count == 0 || bytes + spans[count].count <= Self.mostBatchBytes {
      bytes += spans[count].count
      count += 1
    }
    defer { spans.removeFirst(count) }
    return Array(spans.prefix(count))
  }

  /// The number of dropped spans since the last call.
  mutating func takeDropped() -> Int {
    defer { dropped = 0 }
    return dropped
  }
}
