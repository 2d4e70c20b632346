/// The 128-bit name of one operation, unique for all time: it is the JSON-RPC id of the call's frame, so an answer
/// finds its asker even if the asker's process was replaced meanwhile. Text form: 32 lower-case hex digits.
package struct OperationID: Sendable, Hashable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A fresh id.
  package static func random(using generator: inout some RandomNumberGenerator) -> OperationID {
    OperationID(high: generator.next(), low: generator.next())
  }

  /// A fresh id, for those who need one now and then.
  package static func random() -> OperationID {
    var generator = SystemRandomNumberGenerator()
    return random(using: &generator)
  }

  /// Parses exactly 32 hex digits in lower case.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count == 32 else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    for (index, byte) in text.utf8.enumerated() {
      guard let digit = Self.digit(byte) else { return nil }
      if index < 16 { words.0 = words.0 << 4 | digit } else { words.1 = words.1 << 4 | digit }
    }
    self.init(high: words.0, low: words.1)
  }

  package var description: String {
    String(unsafeUninitializedCapacity: 32) { buffer in
      for index in 0..<16 {
        let shift = UInt64(60 - 4 * index)
        buffer[index] = Self.hex[Int(high >> shift & 15)]
        buffer[index + 16] = Self.hex[Int(low >> shift & 15)]
      }
      return 32
    }
  }

  private static let hex = Array("0123456789abcdef".utf8)

  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case 0x30...0x39: UInt64(byte - 0x30)
    case 0x61...0x66: UInt64(byte - 0x61 + 10)
    default: nil
    }
  }
}
