import CLinux
import Glibc

/// Random numbers of the kernel (`getrandom`), fetched many at a time: an operation needs several, and each would be a
/// system call. As unpredictable as `SystemRandomNumberGenerator`. Not for use by several isolations at once.
package struct BufferedRandom: RandomNumberGenerator {
  private static let capacity = 64

  private var words = [UInt64](repeating: 0, count: BufferedRandom.capacity)
  private var used = BufferedRandom.capacity

  package init() {}

  package mutating func next() -> UInt64 {
    if used == Self.capacity { refill() }
    defer {
      // What was handed out does not stay in memory.
      words[used] = 0
      used += 1
    }
    return words[used]
  }

  private mutating func refill() {
    words.withUnsafeMutableBytes { buffer in
      // Requests of up to 256 bytes are never cut short; this is two of them.
      var filled = 0
      while filled < buffer.count {
        let count = wp_random(buffer.baseAddress! + filled, min(256, buffer.count - filled))
        if count < 0 { fatalError("the kernel gives no random numbers: \(SystemError("getrandom"))") }
        filled += count
      }
    }
    used = 0
  }
}
