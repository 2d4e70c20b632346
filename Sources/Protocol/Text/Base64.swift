/// Base64 with padding (RFC 4648 section 4). Encoding only: nothing that we read has this form.
package enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The text for `bytes`; 4 characters for each 3 bytes begun.
  package static func encode(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var group: UInt32 = 0
    var count = 0
    for byte in bytes {
      group = group << 8 | UInt32(byte)
      count += 1
      if count == 3 {
        append(group, characters: 4, to: &text)
        (group, count) = (0, 0)
      }
    }
    if count > 0 { append(group << UInt32(8 * (3 - count)), characters: count + 1, to: &text) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Four characters of which the last ones may be padding.
  private static func append(_ group: UInt32, characters: Int, to text: inout [UInt8]) {
    for index in 0..<4 {
      let value = Int(group >> UInt32(18 - 6 * index)) & 0x3f
      text.append(index < characters ? alphabet[value] : UInt8(ascii: "="))
    }
  }
}
