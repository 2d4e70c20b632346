/// A place in a text as an editor shows it.
package struct JSONPosition: Sendable, Hashable {
  /// From 1; LF, CR LF and a lone CR end a line.
  package let line: Int
  /// From 1, in Unicode scalars.
  package let column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// Finds the place of a byte. Costs a pass over the text before it, so it is for diagnostics only.
  ///
  /// An offset outside of the buffer is taken as its nearest end. Bytes that are not UTF-8 count as one column each,
  /// except those of the form 0x80...0xBF, which count with the byte before them.
  package init(buffer: [UInt8], offset: Int) {
    let end = min(max(offset, 0), buffer.count)
    var line = 1
    var column = 1
    for index in 0..<end {
      let byte = buffer[index]
      if byte == 0x0A || (byte == 0x0D && !(index + 1 < buffer.count && buffer[index + 1] == 0x0A)) {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    // Inside of a multi-byte scalar the column is that of the scalar.
    if end < buffer.count, buffer[end] & 0xC0 == 0x80, column > 1 { column -= 1 }
    self.init(line: line, column: column)
  }
}
