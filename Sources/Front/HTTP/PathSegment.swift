import Protocol

/// One part of a path between slashes. Pure.
enum PathSegment {
  /// Undoes percent-encoding. Strict: a `%` without two hexadecimal digits and text that is not UTF-8 afterwards are
  /// errors (RFC 3986 §2.1).
  static func decode(_ segment: String.UTF8View.SubSequence) throws(OperationFailure) -> String {
    guard segment.contains(UInt8(ascii: "%")) else { return String(Substring(segment)) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(segment.count)
    var rest = segment[...]
    while let byte = rest.popFirst() {
      if byte != UInt8(ascii: "%") {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
        throw undecodable
      }
      bytes.append(high << 4 | low)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw undecodable }
    return text
  }

  private static var undecodable: OperationFailure {
    .badRequest("The id in the path is not percent-encoded UTF-8.", "invalid_field")
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}
