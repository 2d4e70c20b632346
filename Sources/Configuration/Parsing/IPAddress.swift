import Glibc

/// A literal IPv4 or IPv6 address.
struct IPAddress {
  let isLoopback: Bool

  /// nil if the text is not an address. A zone (`%eth0`) is not accepted.
  init?(_ text: String) {
    guard !text.utf8.contains(0) else { return nil }
    var v4 = in_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      isLoopback = UInt32(bigEndian: v4.s_addr) >> 24 == 127
      return
    }
    var v6 = in6_addr()
    guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: v6) { Array($0) }
    let isMappedV4 = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    isLoopback = isMappedV4 ? bytes[12] == 127 : bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
  }
}
