/// Text that equals other text only byte for byte: a key for names that other programs gave.
///
/// Swift takes canonically equivalent texts for equal, U+212A (the Kelvin sign) and "K" for example. A name that is looked
/// up like that is found although it is another one, and a policy that compares bytes has let it pass before.
package struct ExactText: Hashable, Sendable {
  package let text: String

  package init(_ text: some StringProtocol) { self.text = String(text) }

  package static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    // No text is the beginning of another.
    hasher.combine(0xFF as UInt8)
  }
}

extension ExactText: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self.text = text }
}

extension ExactText: CustomStringConvertible {
  package var description: String { text }
}

extension StringProtocol {
  /// Whether the bytes are the same.
  package func isExactly(_ other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}
