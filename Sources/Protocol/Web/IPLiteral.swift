/// An IPv4 or IPv6 address as text, in the forms that every parser reads alike (RFC 3986 section 3.2.2, RFC 4291
/// section 2.2). Pure.
///
/// IPv4 is four decimal numbers without leading zeros: `010.0.0.1`, `127.1` and `0x7f000001` mean different things to
/// different programs and are no addresses here. No zone (`%eth0`), no brackets.
package struct IPLiteral: Sendable, Hashable, CustomStringConvertible {
  /// 4 or 16 bytes, in network order.
  package let bytes: [UInt8]

  package init?(_ text: some StringProtocol) {
    let text = Array(text.utf8)
    guard text.count <= 45, let bytes = text.contains(UInt8(ascii: ":")) ? Self.six(text[...]) : Self.four(text[...])
    else { return nil }
    self.bytes = bytes
  }

  /// `bytes`: 4 or 16 of them, else nil.
  package init?(bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// 127.0.0.0/8 and `::1`; an IPv4 address inside IPv6 (`::ffff:127.0.0.1`) counts as itself.
  package var isLoopback: Bool {
    if bytes.count == 4 { return bytes[0] == 127 }
    if bytes[..<10].allSatisfy({ $0 == 0 }) && bytes[10] == 0xff && bytes[11] == 0xff { return bytes[12] == 127 }
    return bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
  }

  /// The one spelling of each address (RFC 5952, without its mixed form).
  package var description: String {
    if bytes.count == 4 { return bytes.map { String($0) }.joined(separator: ".") }
    let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    // The first of the longest runs of zeros, of two groups at least.
    var gap = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || groups[index] != 0 {
      if index - start > max(1, gap.count) { gap = start..<index }
      start = index + 1
    }
    func text(_ part: some Collection<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
    return gap.isEmpty ? text(groups) : "\(text(groups[..<gap.lowerBound]))::\(text(groups[gap.upperBound...]))"
  }

  private static func four(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      guard (1...3).contains(part.count), part.first != UInt8(ascii: "0") || part.count == 1 else { return nil }
      var number = 0
      for digit in part {
        guard digit >= 0x30 && digit <= 0x39 else { return nil }
        number = number * 10 + Int(digit - 0x30)
      }
      guard let byte = UInt8(exactly: number) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func six(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    let colon = UInt8(ascii: ":")
    guard let gap = firstGap(text) else {
      guard let bytes = groups(text), bytes.count == 16 else { return nil }
      return bytes
    }
    // The gap stands for one group of zeros or more.
    let (left, right) = (text[..<gap], text[(gap + 2)...])
    guard right.first != colon, let head = left.isEmpty ? [] : groups(left),
      let tail = right.isEmpty ? [] : groups(right),
      head.count + tail.count <= 14, left.isEmpty || !left.contains(UInt8(ascii: "."))
    else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  private static func firstGap(_ text: ArraySlice<UInt8>) -> Int? {
    text.indices.dropLast().first { text[$0] == UInt8(ascii: ":") && text[$0 + 1] == UInt8(ascii: ":") }
  }

  /// Groups of hexadecimal digits between colons; the last may be an IPv4 address.
  private static func groups(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
        guard let four = four(part) else { return nil }
        bytes += four
        continue
      }
      guard (1...4).contains(part.count) else { return nil }
      var number: UInt16 = 0
      for digit in part {
        guard let value = hexValue(digit) else { return nil }
        number = number << 4 | UInt16(value)
      }
      bytes += [UInt8(number >> 8), UInt8(number & 0xff)]
    }
    return bytes.count <= 16 ? bytes : nil
  }

  private static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
