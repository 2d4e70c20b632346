/// Builds one JSON text; commas are automatic and slices are spliced byte for byte.
///
/// The caller is trusted to nest correctly: a key before each member's value, every `begin` closed by its `end`.
package struct JSONWriter: Sendable {
  package private(set) var bytes: [UInt8] = []
  private let isOneLine: Bool
  /// Whether a comma belongs before the next key or value of the current container.
  private var needsComma = false
  private var depth = 0

  /// - Parameters:
  ///   - reserving: capacity in bytes
  ///   - oneLine: `splice(_:)` does as `spliceOneLine(_:)`, so the text has no line break whatever is spliced into it
  package init(reserving: Int = 256, oneLine: Bool = false) {
    isOneLine = oneLine
    bytes.reserveCapacity(reserving)
  }

  /// The finished text; every container must be closed.
  package consuming func finish() -> [UInt8] {
    guard depth == 0 else { fatalError("JSON text finished with \(depth) containers open") }
    return bytes
  }

  // MARK: Structure

  package mutating func beginObject() { begin(0x7B) }
  package mutating func endObject() { end(0x7D) }
  package mutating func beginArray() { begin(0x5B) }
  package mutating func endArray() { end(0x5D) }

  /// The name of the next member; its value must follow.
  package mutating func key(_ name: String) {
    separate()
    appendString(name)
    bytes.append(0x3A)
    needsComma = false
  }

  /// The name of the next member, as it stands in another text; its value must follow.
  package mutating func key(splicing name: JSONSlice) {
    splice(name)
    bytes.append(0x3A)
    needsComma = false
  }

  private mutating func begin(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
    depth += 1
  }

  private mutating func end(_ bracket: UInt8) {
    guard depth > 0 else { fatalError("JSON container closed that was never opened") }
    bytes.append(bracket)
    needsComma = true
    depth -= 1
  }

  /// The comma, if one belongs here; a value is on its way.
  private mutating func separate() {
    if needsComma { bytes.append(0x2C) }
    needsComma = true
  }

  // MARK: Values

  package mutating func value(_ text: String) {
    separate()
    appendString(text)
  }

  package mutating func value(_ number: Int) { value(Int64(number)) }

  package mutating func value(_ number: Int64) {
    separate()
    if number < 0 { bytes.append(0x2D) }
    appendDigits(number.magnitude)
  }

  package mutating func value(_ number: UInt64) {
    separate()
    appendDigits(number)
  }

  package mutating func value(_ flag: Bool) {
    separate()
    bytes.append(contentsOf: (flag ? "true" : "false").utf8)
  }

  /// The shortest text that reads back as the same double; JSON has no infinities and NaN, they become null.
  package mutating func value(_ number: Double) {
    separate()
    bytes.append(contentsOf: (number.isFinite ? number.description : "null").utf8)
  }

  package mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  // MARK: Splicing

  /// The value as it is, byte for byte.
  package mutating func splice(_ slice: JSONSlice) {
    if isOneLine { return spliceOneLine(slice) }
    separate()
    bytes.append(contentsOf: slice.bytes)
  }

  /// The value byte for byte except that CR and LF between tokens are left out, for transports that end a message with
  /// a line break.
  package mutating func spliceOneLine(_ slice: JSONSlice) {
    separate()
    slice.appendOneLine(to: &bytes)
  }

  /// JSON text of our own, trusted to be one value.
  package mutating func splice(text: StaticString) {
    separate()
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  /// JSON text of our own, trusted to be one value.
  package mutating func splice(text: [UInt8]) {
    separate()
    bytes.append(contentsOf: text)
  }

  // MARK: Tokens

  private mutating func appendDigits(_ number: UInt64) {
    var rest = number
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var start = 20
      repeat {
        start -= 1
        digits[start] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      bytes.append(contentsOf: digits[start..<20])
    }
  }

  /// Escapes only what RFC 8259 demands: quote, backslash and control characters.
  private mutating func appendString(_ text: String) {
    bytes.append(0x22)
    var text = text
    text.withUTF8 { text in
      var copied = 0
      for index in text.indices {
        let byte = text[index]
        if byte >= 0x20, byte != 0x22, byte != 0x5C { continue }
        bytes.append(contentsOf: text[copied..<index])
        copied = index + 1
        appendEscape(byte)
      }
      bytes.append(contentsOf: text[copied...])
    }
    bytes.append(0x22)
  }

  private mutating func appendEscape(_ byte: UInt8) {
    bytes.append(0x5C)
    switch byte {
    case 0x08: bytes.append(0x62)
    case 0x09: bytes.append(0x74)
    case 0x0A: bytes.append(0x6E)
    case 0x0C: bytes.append(0x66)
    case 0x0D: bytes.append(0x72)
    case 0x22, 0x5C: bytes.append(byte)
    default:
      bytes.append(contentsOf: byte < 0x10 ? "u000".utf8 : "u001".utf8)
      let digit = byte & 0x0F
      bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
    }
  }
}
