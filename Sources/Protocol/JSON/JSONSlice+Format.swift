extension JSONSlice {
  /// The value without whitespace between tokens; the tokens are untouched.
  package func compacted() -> [UInt8] {
    copyTokens(reserving: range.count) { bytes, token in
      if token > 0x20 { bytes.append(token) }
    }
  }

  /// The value as people read it: one member or element per line; tokens and order are untouched, `{}` and `[]` stay
  /// short. No newline at the end.
  package func pretty(indent: Int = 2) -> [UInt8] {
    var depth = 0
    var isAtStart = false  // behind `{` or `[`, which may turn out to be empty
    func newLine(_ bytes: inout [UInt8]) {
      bytes.append(0x0A)
      bytes.append(contentsOf: repeatElement(0x20, count: depth * indent))
    }
    return copyTokens(reserving: range.count * 2) { bytes, token in
      if token <= 0x20 { return }
      if isAtStart, token != 0x7D, token != 0x5D {
        newLine(&bytes)
        isAtStart = false
      }
      switch token {
      case 0x7B, 0x5B:
        bytes.append(token)
        depth += 1
        isAtStart = true
      case 0x7D, 0x5D:
        depth -= 1
        if !isAtStart { newLine(&bytes) }
        isAtStart = false
        bytes.append(token)
      case 0x2C:
        bytes.append(token)
        newLine(&bytes)
      case 0x3A:
        bytes.append(token)
        bytes.append(0x20)
      default:
        bytes.append(token)
      }
    }
  }

  /// Appends the value to `bytes`, leaving out CR and LF between tokens.
  func appendOneLine(to bytes: inout [UInt8]) {
    guard containsLineBreaks else {
      bytes.append(contentsOf: self.bytes)
      return
    }
    bytes.append(
      contentsOf: copyTokens(reserving: range.count) { bytes, token in
        if token != 0x0A, token != 0x0D { bytes.append(token) }
      })
  }

  /// Copies strings whole and gives each byte outside of strings, the opening quote included, to `visit`, which appends
  /// it or not.
  @inline(__always)
  private func copyTokens(reserving count: Int, _ visit: (inout [UInt8], UInt8) -> Void) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    withCursor { cursor in
      var index = range.lowerBound
      while index < range.upperBound {
        let byte = cursor.base[index]
        visit(&bytes, byte)
        guard byte == 0x22 else {
          index += 1
          continue
        }
        let stringEnd = cursor.skipString(from: index).end
        bytes.append(contentsOf: UnsafeBufferPointer(start: cursor.base + index + 1, count: stringEnd - index - 1))
        index = stringEnd
      }
    }
    return bytes
  }
}
