/// A validated JSON value: a range of a shared buffer, never decoded as a whole and never re-encoded.
///
/// The bytes are validated once, when the text comes in; everything reached from there is known to be well-formed, and
/// numbers, escapes and member order of others pass through us byte for byte. A slice keeps its whole buffer alive; what
/// is kept for long is `detached()`.
package struct JSONSlice: Sendable {
  package let buffer: [UInt8]
  /// The value without the whitespace around it; never empty.
  package let range: Range<Int>
  /// Whether CR or LF may occur between tokens. Noted for the text as a whole, so it can be true for a part that has
  /// none, never the other way round. Inside strings they cannot occur.
  package let containsLineBreaks: Bool

  /// Validates a text: exactly one value of RFC 8259 in UTF-8, with nothing but whitespace around it.
  ///
  /// Repeated member names are grammatical and accepted; see `firstRepeatedMember()`.
  package init(validating bytes: [UInt8], limits: JSONLimits = .message) throws(JSONError) {
    let summary = try JSONScanner.scan(bytes, limits: limits)
    self.init(trusting: bytes, range: summary.range, containsLineBreaks: summary.containsLineBreaks)
  }

  /// A part of validated bytes; `range` must be exactly one value.
  init(trusting buffer: [UInt8], range: Range<Int>, containsLineBreaks: Bool) {
    self.buffer = buffer
    self.range = range
    self.containsLineBreaks = containsLineBreaks
  }

  /// `{}`
  package static let emptyObject = JSONSlice(trusting: [0x7B, 0x7D], range: 0..<2, containsLineBreaks: false)
  /// `null`
  package static let null = JSONSlice(
    trusting: [0x6E, 0x75, 0x6C, 0x6C], range: 0..<4, containsLineBreaks: false)

  package var kind: JSONKind {
    switch buffer[range.lowerBound] {
    case 0x7B: .object
    case 0x5B: .array
    case 0x22: .string
    case 0x74, 0x66: .bool
    case 0x6E: .null
    default: .number
    }
  }

  /// The value's own text.
  package var bytes: ArraySlice<UInt8> { buffer[range] }

  /// The same value in a buffer of its own, so that a small part does not keep a large message alive.
  package func detached() -> JSONSlice {
    JSONSlice(trusting: Array(bytes), range: 0..<range.count, containsLineBreaks: containsLineBreaks)
  }

  /// Where the value starts in its text; see `JSONPosition` for the cost.
  package var position: JSONPosition { JSONPosition(buffer: buffer, offset: range.lowerBound) }

  // MARK: Navigation

  /// The value of the first member of that name, escapes in the text's name decoded; nil if there is none or this is
  /// not an object.
  package func member(_ name: String) -> JSONSlice? {
    guard kind == .object else { return nil }
    var name = name
    let found: Range<Int>? = name.withUTF8 { name in
      withCursor { cursor in
        var position = range.lowerBound + 1
        while let member = cursor.nextMember(&position) {
          if cursor.string(member.key, hasEscapes: member.keyHasEscapes, equals: name) { return member.value }
        }
        return nil
      }
    }
    return found.map(part)
  }

  /// The members in the order of the text; empty unless this is an object.
  package var members: JSONMembers { JSONMembers(object: self) }

  /// The elements in the order of the text; empty unless this is an array.
  package var elements: JSONElements { JSONElements(array: self) }

  /// The first member name, decoded, that this object has more than once; nested objects are not looked at.
  ///
  /// Names that differ only in lone surrogates count as the same, because they decode to the same text.
  package func firstRepeatedMember() -> String? {
    var keys: [JSONSlice] = []
    var seen: Set<[UInt8]> = []
    for (key, _) in members {
      // Pairs are cheaper than hashing as long as there are few.
      if keys.count < 16 {
        if keys.contains(where: { $0.isSameString(as: key) }) { return key.string }
        keys.append(key)
      } else {
        if seen.isEmpty { seen = Set(keys.map { $0.decodedBytes().bytes }) }
        if !seen.insert(key.decodedBytes().bytes).inserted { return key.string }
      }
    }
    return nil
  }

  func part(_ range: Range<Int>) -> JSONSlice {
    JSONSlice(trusting: buffer, range: range, containsLineBreaks: containsLineBreaks)
  }

  /// A cursor over this value; it must not leave the closure.
  @inline(__always)
  func withCursor<Result>(_ body: (JSONCursor) -> Result) -> Result {
    buffer.withUnsafeBufferPointer { body(JSONCursor($0, end: range.upperBound)) }
  }
}
