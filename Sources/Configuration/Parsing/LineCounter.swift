/// Lines and columns of ascending offsets, as `JSONPosition` counts them, in one pass for all of them.
struct LineCounter {
  private let text: [UInt8]
  private var position = 0
  private(set) var line = 1
  /// In Unicode scalars.
  private(set) var column = 1

  init(_ text: [UInt8]) {
    self.text = text
  }

  /// An offset before the last one changes nothing.
  mutating func advance(to offset: Int) {
    while position < min(offset, text.count) {
      let byte = text[position]
      position += 1
      let isLineFeed = byte == UInt8(ascii: "\n")
      let isLoneReturn =
        byte == UInt8(ascii: "\r") && !(position < text.count && text[position] == UInt8(ascii: "\n"))
      if isLineFeed || isLoneReturn {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
  }
}
