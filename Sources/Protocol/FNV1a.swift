/// FNV-1a (draft-eastlake-fnv): small, specified to the bit and the same on every machine and in every version, which
/// names of directories and stored fingerprints need. It is no protection against somebody who chooses the input.
package enum FNV1a {
  /// 64 bits as 16 lower-case hex digits.
  package static func hex64(_ bytes: some Sequence<UInt8>) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    return padded(String(hash, radix: 16), to: 16)
  }

  /// 128 bits as 32 lower-case hex digits.
  package static func hex128(_ bytes: some Sequence<UInt8>) -> String {
    var hash = Wide()
    hash.add(bytes)
    return hash.hex
  }

  /// 128 bits over bytes that come in pieces.
  package struct Wide: Sendable {
    private static let prime = UInt128(1) << 88 | UInt128(0x13b)
    private var value = UInt128(0x6c62_272e_07bb_0142) << 64 | UInt128(0x62b8_2175_6295_c58d)

    package init() {}

    package mutating func add(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { value = (value ^ UInt128(byte)) &* Self.prime }
    }

    /// 32 lower-case hex digits.
    package var hex: String { padded(String(value, radix: 16), to: 32) }
  }

  private static func padded(_ digits: String, to count: Int) -> String {
    String(repeating: "0", count: count - digits.utf8.count) + digits
  }
}
