import Glibc

/// A literal IPv4 or IPv6 address.
package struct IPAddress {
  let isLoopback: Bool
  /// As in packets: 4 or 16.
  private let bytes: [UInt8]

  /// nil if the text is not an address. A zone (`%eth0`) is not accepted.
  package init?(_ text: String) {
    guard !text.utf8.contains(0) else { return nil }
    var v4 = in_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      isLoopback = UInt32(bigEndian: v4.s_addr) >> 24 == 127
      bytes = withUnsafeBytes(of: v4) { Array($0) }
      return
    }
    var v6 = in6_addr()
    guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
    bytes = withUnsafeBytes(of: v6) { Array($0) }
    let isMappedV4 = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    isLoopback = isMappedV4 ? bytes[12] == 127 : bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
  }

  /// Whether two programs that listen on one port of these are in each other's way: they are the same, or one of them is
  /// every address of their family.
  func overlaps(_ other: IPAddress) -> Bool {
    guard bytes.count == other.bytes.count else { return false }
    return bytes == other.bytes || isEvery || other.isEvery
  }

  private var isEvery: Bool { bytes.allSatisfy { $0 == 0 } }
}
