import Protocol

/// What kind of place an IP address names. Pure.
///
/// After the IANA registries of special-purpose addresses (RFC 6890): `reserved` is everything that is not globally
/// reachable. Addresses that carry an IPv4 address inside count as that one, for a router may unpack it.
enum AddressClass: Equatable {
  case global
  /// 127.0.0.0/8 and `::1`, also as `::ffff:127.0.0.1`.
  case loopback
  /// Private, link-local, shared, documentation, multicast, unspecified, …
  case reserved

  init(_ address: IPLiteral) {
    self = address.bytes.count == 4 ? Self.four(address.bytes[...]) : Self.six(address.bytes)
  }

  /// Whether a request with that rule may connect there.
  func isAllowed(by rule: HTTPRequest.Addresses) -> Bool {
    switch rule {
    case .any: true
    case .publicOnly: self == .global
    case .publicOrLoopback: self != .reserved
    }
  }

  /// First byte, second byte and so on, and how many bits of them count.
  private static let reservedFour: [(prefix: [UInt8], bits: Int)] = [
    ([0], 8),  // this network
    ([10], 8),  // private
    ([100, 64], 10),  // shared by carriers
    ([169, 254], 16),  // link-local, with the metadata services of clouds
    ([172, 16], 12),  // private
    ([192, 0, 0], 24),  // protocol assignments
    ([192, 0, 2], 24),  // documentation
    ([192, 88, 99], 24),  // relays of 6to4, deprecated
    ([192, 168], 16),  // private
    ([198, 18], 15),  // benchmarks
    ([198, 51, 100], 24),  // documentation
    ([203, 0, 113], 24),  // documentation
    ([224], 3),  // multicast, reserved, broadcast
  ]

  private static let reservedSix: [(prefix: [UInt8], bits: Int)] = [
    ([0x20, 0x01, 0x00], 23),  // protocol assignments, Teredo among them
    ([0x20, 0x01, 0x0d, 0xb8], 32),  // documentation
    ([0x3f, 0xff, 0x00], 20),  // documentation
  ]

  private static func four(_ bytes: ArraySlice<UInt8>) -> AddressClass {
    if bytes.first == 127 { return .loopback }
    return reservedFour.contains { matches(bytes, $0.prefix, $0.bits) } ? .reserved : .global
  }

  private static func six(_ bytes: [UInt8]) -> AddressClass {
    if bytes[..<15].allSatisfy({ $0 == 0 }) && bytes[15] == 1 { return .loopback }
    if matches(bytes[...], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96) { return four(bytes[12...]) }
    // NAT64 (RFC 6052) and 6to4 (RFC 3056): a loopback address behind a router is nobody's loopback.
    if matches(bytes[...], [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 96) {
      return four(bytes[12...]) == .global ? .global : .reserved
    }
    if matches(bytes[...], [0x20, 0x02], 16) { return four(bytes[2..<6]) == .global ? .global : .reserved }
    // Only 2000::/3 is handed out for the whole internet.
    guard matches(bytes[...], [0x20], 3) else { return .reserved }
    return reservedSix.contains { matches(bytes[...], $0.prefix, $0.bits) } ? .reserved : .global
  }

  private static func matches(_ bytes: ArraySlice<UInt8>, _ prefix: [UInt8], _ bits: Int) -> Bool {
    var left = bits
    for (byte, wanted) in zip(bytes, prefix) {
      if left <= 0 { return true }
      let mask: UInt8 = left >= 8 ? 0xff : ~(0xff >> UInt8(left))
      if byte & mask != wanted & mask { return false }
      left -= 8
    }
    return true
  }
}
