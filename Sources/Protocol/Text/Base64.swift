/// Base64 (RFC 4648 section 4). Pure.
package enum Base64 {
  private static let common = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
  private static let alphabet = Array("\(common)+/".utf8)
  private static let urlAlphabet = Array("\(common)-_".utf8)

  /// The text for `bytes`, with padding; 4 characters for each 3 bytes begun.
  package static func encode(_ bytes: some Collection<UInt8>) -> String { encode(bytes, alphabet, isPadded: true) }

  /// The text for `bytes` in the alphabet for URLs, without padding (RFC 4648 section 5, RFC 7515 appendix C).
  package static func encodeForURL(_ bytes: some Collection<UInt8>) -> String {
    encode(bytes, urlAlphabet, isPadded: false)
  }

  private static func encode(_ bytes: some Collection<UInt8>, _ alphabet: [UInt8], isPadded: Bool) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var group: UInt32 = 0
    var count = 0
    for byte in bytes {
      group = group << 8 | UInt32(byte)
      count += 1
      if count == 3 {
        append(group, characters: 4, alphabet, to: &text)
        (group, count) = (0, 0)
      }
    }
    if count > 0 {
      append(group << UInt32(8 * (3 - count)), characters: count + 1, alphabet, to: &text)
      if isPadded { text += [UInt8](repeating: UInt8(ascii: "="), count: 3 - count) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes that `text` stands for; padding at its end may be missing. Nil when it is not Base64.
  package static func decode(_ text: String) -> [UInt8]? {
    var characters = Array(text.utf8)[...]
    for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
    guard characters.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3 + 2)
    var group: UInt32 = 0
    var bits = 0
    for character in characters {
      guard let value = value(of: character) else { return nil }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
      }
    }
    return bytes
  }

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }

  private static func append(_ group: UInt32, characters: Int, _ alphabet: [UInt8], to text: inout [UInt8]) {
    for index in 0..<characters { text.append(alphabet[Int(group >> UInt32(18 - 6 * index)) & 0x3f]) }
  }
}
