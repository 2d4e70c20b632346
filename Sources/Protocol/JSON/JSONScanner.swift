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

  let base: UnsafePointer<UInt8>
  let end: Int
  private let maxDepth: Int
  var position = 0
  var sawLineBreak = false
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

  mutating func fail(_ kind: JSONError.Kind) -> Bool {
    failure = kind
    return false
  }
}
