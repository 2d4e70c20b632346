/// Finds the bounds of tokens in bytes that `JSONScanner` accepted. It trusts the grammar, but never reads outside of
/// the memory it was given.
struct JSONCursor {
  let base: UnsafePointer<UInt8>
  let end: Int

  /// The caller keeps the memory alive and unchanged while the cursor is used.
  @inline(__always)
  init(_ text: UnsafeBufferPointer<UInt8>, end: Int) {
    guard let base = text.baseAddress, end <= text.count else {
      fatalError("JSON range ends at \(end), outside of its buffer of \(text.count) bytes")
    }
    self.base = base
    self.end = end
  }

  @inline(__always)
  func skipWhitespace(from start: Int) -> Int {
    var index = start
    while index < end, base[index] <= 0x20 { index &+= 1 }
    return index
  }

  /// From an opening quote to behind the closing one, and whether the string has escapes.
  @inline(__always)
  func skipString(from start: Int) -> (end: Int, hasEscapes: Bool) {
    var index = start &+ 1
    var hasEscapes = false
    while true {
      while end &- index >= 8 {
        let mask = JSONWord.endsTrustedText(JSONWord.load(base, index))
        if mask != 0 {
          index &+= JSONWord.firstIndex(mask)
          break
        }
        index &+= 8
      }
      guard index < end else { return (end, hasEscapes) }
      switch base[index] {
      case 0x22:
        return (index &+ 1, hasEscapes)
      case 0x5C:
        hasEscapes = true
        index &+= 2
      default:
        index &+= 1
      }
    }
  }

  /// From the first byte of a value to behind its last.
  func skipValue(from start: Int) -> Int {
    guard start < end else { return end }
    switch base[start] {
    case 0x22:
      return skipString(from: start).end
    case 0x7B, 0x5B:
      return skipContainer(from: start)
    default:
      var index = start
      while index < end {
        switch base[index] {
        case 0x00...0x20, 0x2C, 0x5D, 0x7D: return index
        default: index &+= 1
        }
      }
      return index
    }
  }

  private func skipContainer(from start: Int) -> Int {
    var depth = 0
    var index = start
    while index < end {
      switch base[index] {
      case 0x22:
        index = skipString(from: index).end
        continue
      case 0x7B, 0x5B:
        depth &+= 1
      case 0x7D, 0x5D:
        depth &-= 1
        if depth == 0 { return index &+ 1 }
      default:
        break
      }
      index &+= 1
    }
    return end
  }

  /// One member of an object.
  struct Member {
    /// With its quotes.
    var key: Range<Int>
    var keyHasEscapes: Bool
    var value: Range<Int>
  }

  /// The member at or after `position`, which stands behind `{` or behind a member; nil at the end of the object.
  @inline(__always)
  func nextMember(_ position: inout Int) -> Member? {
    var index = skipWhitespace(from: position)
    if index < end, base[index] == 0x2C { index = skipWhitespace(from: index &+ 1) }
    guard index < end, base[index] == 0x22 else { return nil }
    let (keyEnd, hasEscapes) = skipString(from: index)
    let colon = skipWhitespace(from: keyEnd)
    let start = skipWhitespace(from: colon &+ 1)
    let valueEnd = skipValue(from: start)
    guard start < valueEnd else { return nil }
    position = valueEnd
    return Member(key: index..<keyEnd, keyHasEscapes: hasEscapes, value: start..<valueEnd)
  }

  /// The element at or after `position`, which stands behind `[` or behind an element; nil at the end of the array.
  @inline(__always)
  func nextElement(_ position: inout Int) -> Range<Int>? {
    var index = skipWhitespace(from: position)
    if index < end, base[index] == 0x2C { index = skipWhitespace(from: index &+ 1) }
    guard index < end, base[index] != 0x5D else { return nil }
    let valueEnd = skipValue(from: index)
    guard index < valueEnd else { return nil }
    position = valueEnd
    return index..<valueEnd
  }

  /// Whether the string token in `range`, quotes included, means exactly the UTF-8 text `name`.
  ///
  /// Bytes decide: Swift's `String` would also call canonically equivalent texts equal.
  @inline(__always)
  func string(_ range: Range<Int>, hasEscapes: Bool, equals name: UnsafeBufferPointer<UInt8>) -> Bool {
    if hasEscapes {
      // An escape makes the token longer, to six bytes for one at most.
      guard range.count &- 2 > name.count, range.count &- 2 <= name.count &* 6 else { return false }
      return decodeString(range).bytes.elementsEqual(name)
    }
    guard range.count &- 2 == name.count else { return false }
    let text = base + (range.lowerBound &+ 1)
    for index in 0..<name.count where text[index] != name[index] { return false }
    return true
  }

  /// The UTF-8 text of a string token. `isLossy` says that a lone surrogate had to become U+FFFD.
  func decodeString(_ range: Range<Int>) -> (bytes: [UInt8], isLossy: Bool) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    var isLossy = false
    var index = range.lowerBound + 1
    let stop = range.upperBound - 1
    while index < stop {
      guard base[index] == 0x5C else {
        bytes.append(base[index])
        index += 1
        continue
      }
      switch base[index + 1] {
      case 0x62: bytes.append(0x08)
      case 0x66: bytes.append(0x0C)
      case 0x6E: bytes.append(0x0A)
      case 0x72: bytes.append(0x0D)
      case 0x74: bytes.append(0x09)
      case 0x75:
        var scalar = hexadecimal(at: index + 2)
        index += 6
        if scalar & 0xFC00 == 0xD800, index + 6 <= stop, base[index] == 0x5C, base[index + 1] == 0x75 {
          let low = hexadecimal(at: index + 2)
          if low & 0xFC00 == 0xDC00 {
            scalar = 0x10000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
            index += 6
          }
        }
        isLossy = isLossy || scalar & 0xFFFFF800 == 0xD800
        bytes.append(contentsOf: UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}")!)
        continue
      default: bytes.append(base[index + 1])  // quote, backslash, slash
      }
      index += 2
    }
    return (bytes, isLossy)
  }

  /// The value of four hexadecimal digits.
  private func hexadecimal(at start: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in start..<(start + 4) {
      let byte = base[index]
      value = value << 4 | UInt32(byte < 0x40 ? byte - 0x30 : (byte | 0x20) - 0x57)
    }
    return value
  }
}
