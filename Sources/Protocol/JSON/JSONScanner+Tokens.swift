/// The tokens: each function stands on the first byte of one and leaves the scanner behind its last.
extension JSONScanner {
  @inline(__always)
  mutating func skipWhitespace() {
    if position < end, base[position] > 0x20 { return }
    skipWhitespaceRun()
  }

  private mutating func skipWhitespaceRun() {
    while position < end {
      switch base[position] {
      case 0x20:
        position &+= 1
        // Indentation comes in runs.
        while end &- position >= 8, JSONWord.load(base, position) == JSONWord.repeating(0x20) { position &+= 8 }
      case 0x09:
        position &+= 1
      case 0x0A, 0x0D:
        sawLineBreak = true
        position &+= 1
      default:
        return
      }
    }
  }

  mutating func scanLiteral(_ literal: StaticString) -> Bool {
    let count = literal.utf8CodeUnitCount
    for index in 0..<count {
      guard position &+ index < end else {
        position = end
        return fail(.unexpectedEnd)
      }
      guard base[position &+ index] == literal.utf8Start[index] else { return fail(.invalidLiteral) }
    }
    position &+= count
    return true
  }

  mutating func scanNumber() -> Bool {
    if base[position] == 0x2D { position &+= 1 }
    if position < end, base[position] == 0x30 {
      position &+= 1
      if position < end, isDigit(base[position]) { return fail(.invalidNumber) }
    } else {
      guard scanDigits() else { return false }
    }
    if position < end, base[position] == 0x2E {
      position &+= 1
      guard scanDigits() else { return false }
    }
    if position < end, base[position] | 0x20 == 0x65 {
      position &+= 1
      if position < end, base[position] == 0x2B || base[position] == 0x2D { position &+= 1 }
      guard scanDigits() else { return false }
    }
    return true
  }

  /// At least one digit.
  @inline(__always)
  private mutating func scanDigits() -> Bool {
    guard position < end else { return fail(.unexpectedEnd) }
    guard isDigit(base[position]) else { return fail(.invalidNumber) }
    repeat { position &+= 1 } while position < end && isDigit(base[position])
    return true
  }

  @inline(__always)
  private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// Scans a string from its opening quote to behind its closing one.
  mutating func scanString() -> Bool {
    var index = position &+ 1
    while true {
      while end &- index >= 8 {
        let mask = JSONWord.endsPlainText(JSONWord.load(base, index))
        if mask != 0 {
          index &+= JSONWord.firstIndex(mask)
          break
        }
        index &+= 8
      }
      guard index < end else {
        position = end
        return fail(.unexpectedEnd)
      }
      let byte = base[index]
      switch byte {
      case 0x22:
        position = index &+ 1
        return true
      case 0x5C:
        let length = escapeLength(at: index)
        guard length > 0 else { return false }
        index &+= length
      case 0x00..<0x20:
        position = index
        return fail(.controlCharacter)
      case 0x20..<0x80:
        index &+= 1
      default:
        // Text that is not ASCII rarely has only one such scalar.
        repeat {
          let length = scalarLength(at: index)
          guard length > 0 else {
            position = index
            return fail(.invalidUTF8)
          }
          index &+= length
        } while index < end && base[index] >= 0x80
      }
    }
  }

  /// The length of the escape that starts with the backslash at `index`; 0 after recording a failure.
  @inline(__always)
  private mutating func escapeLength(at index: Int) -> Int {
    position = index
    guard index &+ 1 < end else {
      position = end
      _ = fail(.unexpectedEnd)
      return 0
    }
    switch base[index &+ 1] {
    case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74:
      return 2
    case 0x75:
      for digit in (index &+ 2)..<(index &+ 6) {
        guard digit < end else {
          position = end
          _ = fail(.unexpectedEnd)
          return 0
        }
        guard isDigit(base[digit]) || (base[digit] | 0x20) &- 0x61 < 6 else {
          _ = fail(.invalidEscape)
          return 0
        }
      }
      return 6
    default:
      _ = fail(.invalidEscape)
      return 0
    }
  }

  /// The length of the well-formed UTF-8 sequence at `index` (Unicode, table 3-7), or 0.
  @inline(__always)
  private func scalarLength(at index: Int) -> Int {
    let first = base[index]
    let available = end &- index
    if first < 0xE0 {
      guard first >= 0xC2, available >= 2, isContinuation(index &+ 1) else { return 0 }
      return 2
    }
    if first < 0xF0 {
      guard available >= 3, isContinuation(index &+ 1), isContinuation(index &+ 2) else { return 0 }
      let second = base[index &+ 1]
      if first == 0xE0, second < 0xA0 { return 0 }  // overlong
      if first == 0xED, second >= 0xA0 { return 0 }  // surrogate
      return 3
    }
    guard first <= 0xF4, available >= 4 else { return 0 }
    guard isContinuation(index &+ 1), isContinuation(index &+ 2), isContinuation(index &+ 3) else { return 0 }
    let second = base[index &+ 1]
    if first == 0xF0, second < 0x90 { return 0 }  // overlong
    if first == 0xF4, second >= 0x90 { return 0 }  // above U+10FFFF
    return 4
  }

  @inline(__always)
  private func isContinuation(_ index: Int) -> Bool { base[index] & 0xC0 == 0x80 }

  /// For a byte that is no token: bad UTF-8 is named as such.
  func invalidOrUnexpected(_ kind: JSONError.Kind) -> JSONError.Kind {
    scalarLength(at: position) == 0 ? .invalidUTF8 : kind
  }
}
