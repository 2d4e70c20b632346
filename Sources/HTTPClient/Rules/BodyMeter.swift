/// Counts the bytes of a body and says when there are too many. Pure.
///
/// With a limit, that limit counts, after decompression. Without one the body is a stream, which may be long but not
/// blown up: beyond `free` bytes, what arrives may not be more than `mostRatio` times what was received. Compression of
/// real text gives 3 to 20, zeros give 1,000.
struct BodyMeter {
  static let free = 16 * 1024 * 1024
  static let mostRatio = 100

  let limit: Int?
  private(set) var bytes = 0

  init(limit: Int?) { self.limit = limit }

  /// Counts a piece; nil when it is accepted, else what is too large. `received`: bytes of the body so far as they came
  /// over the network; asked only when it matters.
  mutating func take(_ count: Int, received: () -> Int) -> String? {
    bytes += count
    if let limit { return bytes > limit ? "sends a body of more than \(Self.size(limit))" : nil }
    guard bytes > Self.free, bytes / Self.mostRatio > received() else { return nil }
    return "sends a compressed body that grows more than \(Self.mostRatio) times"
  }

  private static func size(_ bytes: Int) -> String {
    if bytes % (1024 * 1024) == 0 && bytes > 0 { return "\(bytes / 1024 / 1024) MiB" }
    if bytes % 1024 == 0 && bytes > 0 { return "\(bytes / 1024) KiB" }
    return "\(bytes) bytes"
  }
}
