/// Eight bytes of text looked at together (SWAR), the first byte in the lowest bits on every machine.
///
/// The masks below have the high bit of a byte set where it matches. A borrow can set wrong bits only above the first
/// right one, so `firstIndex` of a mask, or of several joined with `|`, is exact.
enum JSONWord {
  @inline(__always)
  static func load(_ base: UnsafePointer<UInt8>, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(base).loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always)
  static func repeating(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

  /// Where `word` has the byte.
  @inline(__always)
  static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    let difference = word ^ repeating(byte)
    return (difference &- repeating(0x01)) & ~difference & repeating(0x80)
  }

  /// Where a string cannot simply go on: quote, backslash, a control character or a byte that is not ASCII.
  @inline(__always)
  static func endsPlainText(_ word: UInt64) -> UInt64 {
    equal(word, 0x22) | equal(word, 0x5C) | (((word &- repeating(0x20)) | word) & repeating(0x80))
  }

  /// Where a string of validated text cannot simply go on: quote or backslash.
  @inline(__always)
  static func endsTrustedText(_ word: UInt64) -> UInt64 { equal(word, 0x22) | equal(word, 0x5C) }

  /// The index of the first matching byte of a mask that is not zero.
  @inline(__always)
  static func firstIndex(_ mask: UInt64) -> Int { mask.trailingZeroBitCount &>> 3 }
}
