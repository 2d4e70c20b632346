import Protocol

/// `JSONSlice`: agrees with `JSONReference` on what is JSON and on what it says, in every way of reading it.
struct JSONFuzzTarget: FuzzTarget {
  static let name = "json"

  /// Nesting at the limit, just beyond it and far beyond it.
  static var seeds: [[UInt8]] {
    let limit = JSONLimits.message.maxDepth
    return [limit, limit + 1, 10_000].flatMap { depth in
      [nested("[", "]", depth), nested("{\"a\":[", "]}", depth / 2), [UInt8](repeating: 0x5B, count: depth)]
    }
  }

  private static func nested(_ open: String, _ close: String, _ depth: Int) -> [UInt8] {
    Array(String(repeating: open, count: depth).utf8) + Array(String(repeating: close, count: depth).utf8)
  }

  static let tokens: [[UInt8]] =
    [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "true", "false", "null", "0", "-0", "1e5", "0.1", "1E-2", "{}", "[]",
      "\"\"", "\"a\":", "\\u0061", "\\ud83d\\ude00", "\\ud800", "\\udc00", "\\n", "\\\"", "\\\\", "\n", "\r\n", "  ",
      "\\uD83D\\uDE00", "\\uD83D\\uD83D", "é", "日本", "😀", "12345678", "12345678901234567890", "        ",
    ].map { Array($0.utf8) } + [
      [0xC0, 0x80], [0xC2, 0x80], [0xE0, 0x9F, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
      [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5],
      [0xEF, 0xBB, 0xBF], [0x80],
    ]

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    let limits = JSONLimits.message
    let reference = JSONReference(input, maxDepth: limits.maxDepth)
    let slice: JSONSlice
    do {
      slice = try JSONSlice(validating: input, limits: limits)
    } catch {
      try require(reference == nil, "refused (\(error)), but it is JSON")
      try checkOffset(of: error, input)
      return
    }
    guard let reference else { throw FuzzFailure("accepted, but it is not JSON") }
    try check(slice, reference)
    try checkCopies(slice, reference)
  }

  func signature(of input: [UInt8]) -> UInt64 {
    do {
      let slice = try JSONSlice(validating: input)
      // Which kinds of bytes there are: eight kinds below 0x80, three above.
      let kinds = slice.bytes.reduce(into: UInt64(0)) { kinds, byte in
        kinds |= 1 << UInt64(byte < 0x80 ? byte >> 4 : byte < 0xE0 ? 8 : byte < 0xF0 ? 9 : 10)
      }
      return kinds
    } catch {
      let place = error.offset.bitWidth - error.offset.leadingZeroBitCount
      return UInt64(error.reason.utf8.count) << 32 | UInt64(place) << 24
    }
  }

  /// Up to the offset of an error there is nothing wrong.
  private func checkOffset(of error: JSONError, _ input: [UInt8]) throws {
    try require((0...input.count).contains(error.offset), "error outside of the text: \(error)")
    do {
      _ = try JSONSlice(validating: Array(input[..<error.offset]))
      try require(
        error.kind == .trailingBytes || error.kind == .invalidNumber, "\(error), but the text up to there is complete")
    } catch let earlier as JSONError {
      try require(
        earlier.kind == .unexpectedEnd || earlier.kind == .empty, "\(error), but before that: \(earlier)")
    }
  }

  /// The slice says what the reference says, member by member, and its parts cover its bytes.
  private func check(_ slice: JSONSlice, _ reference: JSONReference) throws {
    switch reference {
    case .object(let members):
      try require(slice.kind == .object, "not seen as an object")
      var gaps = Gaps(slice)
      var count = 0
      for (key, value) in slice.members {
        try require(count < members.count, "too many members")
        try gaps.advance(to: key)
        try gaps.advance(to: value)
        try require(key.string.map { Array($0.utf8) } == members[count].name, "another member name")
        try check(value, members[count].value)
        count += 1
      }
      try gaps.finish()
      try require(count == members.count, "too few members")
      try require((slice.firstRepeatedMember() != nil) == reference.hasRepeatedMember, "wrong about repeated members")
      // Reading members anew at every level of a deep text would take most of the time.
      guard slice.range.count < 2048 else { return }
      for name in members.map({ String(decoding: $0.name, as: UTF8.self) }).prefix(8) {
        guard let found = slice.member(name), let expected = reference[name] else {
          throw FuzzFailure("member not found")
        }
        try require(JSONReference(Array(found.bytes), maxDepth: 512) == expected, "not the first member of its name")
      }
    case .array(let elements):
      try require(slice.kind == .array, "not seen as an array")
      var gaps = Gaps(slice)
      var count = 0
      for element in slice.elements {
        try require(count < elements.count, "too many elements")
        try gaps.advance(to: element)
        try check(element, elements[count])
        count += 1
      }
      try gaps.finish()
      try require(count == elements.count, "too few elements")
    case .string(let bytes):
      let text = String(decoding: bytes, as: UTF8.self)
      try require(slice.string.map { Array($0.utf8) } == bytes, "another text")
      try require(slice.isString(text), "not recognised as its own text")
      try require(!slice.isString(text + "x") && !slice.isString("x" + text), "taken for another text")
      try require(slice.int == nil && slice.bool == nil && !slice.isNull, "a string that is something else too")
    case .number(let text):
      try require(slice.kind == .number && Array(slice.bytes) == Array(text.utf8), "another number")
      try require(slice.int == Int(text), "another integer")
      try require(slice.double == Double(text).flatMap { $0.isFinite ? $0 : nil }, "another double")
    case .bool(let flag):
      try require(slice.kind == .bool && slice.bool == flag, "not that Boolean")
    case .null:
      try require(slice.isNull && slice.kind == .null, "not null")
    }
  }

  /// Compact, pretty and one-line copies say the same and are stable.
  private func checkCopies(_ slice: JSONSlice, _ reference: JSONReference) throws {
    let depth = JSONLimits.message.maxDepth
    let compact = slice.compacted()
    try require(JSONReference(compact, maxDepth: depth) == reference, "compacting changes the value")
    try require(try JSONSlice(validating: compact).compacted() == compact, "compacting twice differs")
    let pretty = slice.pretty()
    try require(JSONReference(pretty, maxDepth: depth) == reference, "indenting changes the value")
    let prettySlice = try JSONSlice(validating: pretty)
    try require(prettySlice.pretty() == pretty, "indenting twice differs")
    try require(prettySlice.compacted() == compact, "indenting and compacting differs from compacting")
    var writer = JSONWriter()
    writer.spliceOneLine(slice)
    try require(!writer.bytes.contains { $0 == 0x0A || $0 == 0x0D }, "a line break in one line")
    try require(JSONReference(writer.bytes, maxDepth: depth) == reference, "dropping line breaks changes the value")
    let hasLineBreaks = slice.bytes.contains { $0 == 0x0A || $0 == 0x0D }
    try require(slice.containsLineBreaks == hasLineBreaks, "wrong about line breaks")
  }

  /// What lies between the parts of a container: its brackets, commas, colons and whitespace.
  private struct Gaps {
    private let container: JSONSlice
    private var position: Int

    init(_ container: JSONSlice) {
      self.container = container
      position = container.range.lowerBound
    }

    mutating func advance(to part: JSONSlice) throws {
      try require(part.range.lowerBound >= position && !part.range.isEmpty, "parts overlap")
      try check(position..<part.range.lowerBound)
      position = part.range.upperBound
    }

    func finish() throws {
      try require(position < container.range.upperBound, "a part outside of its container")
      try check(position..<container.range.upperBound)
    }

    private func check(_ gap: Range<Int>) throws {
      let allowed = Set("{}[],: \t\r\n".utf8)
      try require(container.buffer[gap].allSatisfy { allowed.contains($0) }, "bytes that no part covers")
    }
  }
}
