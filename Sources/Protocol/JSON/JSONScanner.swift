/// The one validation pass over a JSON text: RFC 8259 to the letter, UTF-8 included.
///
/// It does not recurse: which container each level is costs one bit, so 512 levels cost 64 bytes whatever a hostile
/// text contains. Lone surrogate escapes (`"\ud800"`) are grammatical and accepted.
struct JSONScanner {
  /// What a successful pass knows about the text.
  struct Summary {
    /// The root value without the whitespace around it.
    var range: Range<Int>
    /// Whether CR or LF occur between tokens of the root value.
    var containsLineBreaks: Bool
  }

  private let base: UnsafePointer<UInt8>
  private let end: Int
  private let maxDepth: Int
  private var position = 0
  private var sawLineBreak = false
  private var failure = JSONError.Kind.empty

  /// One bit per open container, the innermost lowest: 1 for an object. 64 levels live here, the outer ones in
  /// `outerLevels`.
  private var levels: UInt64 = 0
  private var outerLevels: [UInt64] = []
  private var depth = 0

  /// The caller keeps the memory alive and unchanged during the scan.
  private init(base: UnsafePointer<UInt8>, count: Int, maxDepth: Int) {
    self.base = base
    self.end = count
    self.maxDepth = maxDepth
  }

  static func scan(_ bytes: [UInt8], limits: JSONLimits) throws(JSONError) -> Summary {
    guard bytes.count <= limits.maxBytes else { throw JSONError(kind: .tooLong, offset: limits.maxBytes) }
    let outcome: Result<Summary, JSONError> = bytes.withUnsafeBufferPointer { text in
      guard let base = text.baseAddress, !text.isEmpty else { return .failure(JSONError(kind: .empty, offset: 0)) }
      var scanner = JSONScanner(base: base, count: text.count, maxDepth: limits.maxDepth)
      if let summary = scanner.scanText() { return .success(summary) }
      return .failure(JSONError(kind: scanner.failure, offset: scanner.position))
    }
    return try outcome.get()
  }

  private mutating func scanText() -> Summary? {
    if end >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF {
      failure = .byteOrderMark
      return nil
    }
    skipWhitespace()
    let start = position
    guard start < end else { return nil }  // `failure` is still `.empty`
    sawLineBreak = false
    guard scanValues() else { return nil }
    let summary = Summary(range: start..<position, containsLineBreaks: sawLineBreak)
    skipWhitespace()
    guard position == end else {
      failure = .trailingBytes
      return nil
    }
    return summary
  }

  // MARK: Structure

  /// Scans from the first byte of the root value to its last.
  private mutating func scanValues() -> Bool {
    while true {
      // A value starts here.
      guard position < end else { return fail(.unexpectedEnd) }
      switch base[position] {
      case 0x22:
        guard scanString() else { return false }
      case 0x7B:
        guard open(object: true) else { return false }
        if position < end, base[position] == 0x7D {
          close()
        } else {
          guard scanKey() else { return false }
          continue
        }
      case 0x5B:
        guard open(object: false) else { return false }
        if position < end, base[position] == 0x5D {
          close()
        } else {
          continue
        }
      case 0x2D, 0x30...0x39:
        guard scanNumber() else { return false }
      case 0x74:
        guard scanLiteral("true") else { return false }
      case 0x66:
        guard scanLiteral("false") else { return false }
      case 0x6E:
        guard scanLiteral("null") else { return false }
      default:
        return fail(base[position] >= 0x80 ? invalidOrUnexpected(.expectedValue) : .expectedValue)
      }
      // A value has ended; so may the containers around it.
      while true {
        if depth == 0 { return true }
        skipWhitespace()
        guard position < end else { return fail(.unexpectedEnd) }
        let byte = base[position]
        let inObject = levels & 1 == 1
        if byte == 0x2C {
          position &+= 1
          skipWhitespace()
          if inObject { guard scanKey() else { return false } }
          break
        }
        guard byte == (inObject ? 0x7D : 0x5D) else {
          return fail(inObject ? .expectedCommaOrBrace : .expectedCommaOrBracket)
        }
        close()
      }
    }
  }

  /// Enters a container and stands on what follows its bracket and whitespace.
  @inline(__always)
  private mutating func open(object: Bool) -> Bool {
    guard depth < maxDepth else { return fail(.tooDeep) }
    if depth & 63 == 0, depth > 0 { outerLevels.append(levels) }
    depth &+= 1
    levels = levels &<< 1 | (object ? 1 : 0)
    position &+= 1
    skipWhitespace()
    return true
  }

  /// Leaves the innermost container, standing on its closing bracket.
  @inline(__always)
  private mutating func close() {
    position &+= 1
    depth &-= 1
    levels = levels &>> 1
    if depth & 63 == 0, depth > 0 { levels = outerLevels.removeLast() }
  }

  /// Scans a member name, its colon and the whitespace after it.
  @inline(__always)
  private mutating func scanKey() -> Bool {
    guard position < end else { return fail(.unexpectedEnd) }
    guard base[position] == 0x22 else { return fail(.expectedKey) }
    guard scanString() else { return false }
    skipWhitespace()
    guard position < end else { return fail(.unexpectedEnd) }
    guard base[position] == 0x3A else { return fail(.expectedColon) }
    position &+= 1
    skipWhitespace()
    return true
  }

  @inline(__always)
  private mutating func skipWhitespace() {
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

  // MARK: Tokens

  private mutating func scanLiteral(_ literal: StaticString) -> Bool {
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

  private mutating func scanNumber() -> Bool {
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
  private mutating func scanString() -> Bool {
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
  private func invalidOrUnexpected(_ kind: JSONError.Kind) -> JSONError.Kind {
    scalarLength(at: position) == 0 ? .invalidUTF8 : kind
  }

  private mutating func fail(_ kind: JSONError.Kind) -> Bool {
    failure = kind
    return false
  }
}
