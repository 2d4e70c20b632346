extension JSONSlice {
  /// The decoded text; a lone surrogate becomes U+FFFD. Nil unless this is a string.
  package var string: String? {
    guard kind == .string else { return nil }
    return withCursor { cursor in
      if cursor.skipString(from: range.lowerBound).hasEscapes {
        return String(decoding: cursor.decodeString(range).bytes, as: UTF8.self)
      }
      let text = UnsafeBufferPointer(start: cursor.base + range.lowerBound + 1, count: range.count - 2)
      return String(decoding: text, as: UTF8.self)
    }
  }

  /// The number if it is written without fraction and exponent and fits; `1.0` and `1e3` give nil.
  package var int: Int? { integer() }

  /// As `int`, for any width.
  func integer<Value: FixedWidthInteger>() -> Value? {
    guard kind == .number else { return nil }
    var digits = buffer[range]
    let isNegative = digits.first == 0x2D
    if isNegative { digits = digits.dropFirst() }
    var value: Value = 0
    for byte in digits {
      guard byte &- 0x30 < 10 else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let digit = Value(byte - 0x30)
      let (sum, overflow2) =
        isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      if overflow || overflow2 { return nil }
      value = sum
    }
    return value
  }

  /// The nearest double, or nil if this is not a number or it is too large for a finite one.
  package var double: Double? {
    guard kind == .number else { return nil }
    guard let value = Double(String(decoding: buffer[range], as: UTF8.self)), value.isFinite else { return nil }
    return value
  }

  /// Nil unless this is `true` or `false`.
  package var bool: Bool? {
    switch buffer[range.lowerBound] {
    case 0x74: true
    case 0x66: false
    default: nil
    }
  }

  package var isNull: Bool { kind == .null }

  /// Whether this is a string of exactly that text, by its UTF-8 bytes; allocates only if the string has escapes.
  package func isString(_ text: String) -> Bool {
    guard kind == .string else { return false }
    var text = text
    return text.withUTF8 { text in
      withCursor { cursor in
        let hasEscapes = cursor.skipString(from: range.lowerBound).hasEscapes
        return cursor.string(range, hasEscapes: hasEscapes, equals: text)
      }
    }
  }

  /// The UTF-8 text of a string, and whether a lone surrogate was replaced in it.
  func decodedBytes() -> (bytes: [UInt8], isLossy: Bool) {
    withCursor { $0.decodeString(range) }
  }

  /// Whether two string tokens mean the same text.
  func isSameString(as other: JSONSlice) -> Bool {
    let hasEscapes = bytes.contains(0x5C) || other.bytes.contains(0x5C)
    return hasEscapes ? decodedBytes().bytes == other.decodedBytes().bytes : bytes == other.bytes
  }
}
