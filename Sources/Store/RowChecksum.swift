/// A checksum against damage, not against people: FNV-1a's step over 64-bit words, and a shift so that high bits reach
/// the low ones. Every step is a bijection of the state, so a single changed word is always noticed. Part of the file
/// format: a change needs a new schema version.
struct RowChecksum {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  /// Stored as SQLite's signed integer.
  var value: Int64 { Int64(bitPattern: state) }

  /// Nil differs from empty.
  mutating func add(_ text: String?) {
    guard var text else { return add(word: .max) }
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// Nil differs from empty.
  mutating func add(_ bytes: [UInt8]?) {
    guard let bytes else { return add(word: .max) }
    bytes.withUnsafeBytes { add($0) }
  }

  /// Nil differs from every number.
  mutating func add(_ number: Int64?) {
    guard let number else { return add(word: .max) }
    add(word: 8)
    add(word: UInt64(bitPattern: number))
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    // The length first: "ab", "c" must not equal "a", "bc".
    add(word: UInt64(bytes.count))
    var offset = 0
    while bytes.count - offset >= 8 {
      add(word: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    var last: UInt64 = 0
    while offset < bytes.count {
      last = last << 8 | UInt64(bytes[offset])
      offset += 1
    }
    add(word: last)
  }

  private mutating func add(word: UInt64) {
    state = (state ^ word) &* 0x0000_0100_0000_01b3
    state ^= state >> 32
  }
}
