/// The two forms of an ECDSA signature. Pure.
enum ECDSASignature {
  /// What libcrypto writes (`SEQUENCE` of two `INTEGER`, DER) as JWS wants it: both numbers with `width` bytes, one after
  /// the other (RFC 7518 section 3.4). Nil when `der` is not such a thing.
  static func fixedWidth(der: [UInt8], width: Int) -> [UInt8]? {
    guard width < 64, der.count >= 8, der.count <= 2 * width + 8, der[0] == 0x30, Int(der[1]) == der.count - 2 else {
      return nil
    }
    var position = 2
    var signature: [UInt8] = []
    for _ in 0..<2 {
      guard position + 2 <= der.count, der[position] == 0x02 else { return nil }
      let start = position + 2
      let end = start + Int(der[position + 1])
      guard end <= der.count else { return nil }
      let number = der[start..<end].drop { $0 == 0 }
      guard number.count <= width else { return nil }
      signature += [UInt8](repeating: 0, count: width - number.count) + number
      position = end
    }
    return position == der.count ? signature : nil
  }
}
