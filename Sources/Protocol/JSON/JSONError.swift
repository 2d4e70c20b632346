/// Why a text is not acceptable JSON, and at which byte.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The reason.
  package enum Kind: Sendable, Hashable {
    /// Nothing but whitespace.
    case empty
    /// The text stops inside a value.
    case unexpectedEnd
    /// A byte that cannot start a value.
    case expectedValue
    /// An object continues with something that is not a string.
    case expectedKey
    /// A key is not followed by `:`.
    case expectedColon
    /// A member is not followed by `,` or `}`.
    case expectedCommaOrBrace
    /// An element is not followed by `,` or `]`.
    case expectedCommaOrBracket
    /// Neither `true`, `false` nor `null`.
    case invalidLiteral
    /// A number that the grammar of RFC 8259, section 6, does not produce.
    case invalidNumber
    /// A backslash followed by something other than the nine escapes.
    case invalidEscape
    /// A byte below 0x20 inside a string.
    case controlCharacter
    /// Not UTF-8: overlong, surrogate, above U+10FFFF, truncated or a stray byte.
    case invalidUTF8
    /// A byte order mark at the start (RFC 8259, section 8.1).
    case byteOrderMark
    /// Something other than whitespace after the value.
    case trailingBytes
    /// Nested deeper than `JSONLimits.maxDepth`.
    case tooDeep
    /// Longer than `JSONLimits.maxBytes`.
    case tooLong
  }

  package let kind: Kind
  /// The byte, counted from 0, at which the text stopped being acceptable.
  package let offset: Int

  package init(kind: Kind, offset: Int) {
    self.kind = kind
    self.offset = offset
  }

  /// The reason without the place, for messages that give line and column themselves.
  package var reason: String {
    switch kind {
    case .empty: "no JSON value"
    case .unexpectedEnd: "unexpected end of JSON"
    case .expectedValue: "expected a JSON value"
    case .expectedKey: "expected a member name in double quotes"
    case .expectedColon: "expected ':' after the member name"
    case .expectedCommaOrBrace: "expected ',' or '}'"
    case .expectedCommaOrBracket: "expected ',' or ']'"
    case .invalidLiteral: "expected true, false or null"
    case .invalidNumber: "invalid number"
    case .invalidEscape: "invalid escape sequence"
    case .controlCharacter: "unescaped control character in a string"
    case .invalidUTF8: "invalid UTF-8"
    case .byteOrderMark: "byte order mark before the JSON value"
    case .trailingBytes: "unexpected bytes after the JSON value"
    case .tooDeep: "nested too deeply"
    case .tooLong: "text too long"
    }
  }

  package var description: String { "\(reason) at byte \(offset)" }
}
