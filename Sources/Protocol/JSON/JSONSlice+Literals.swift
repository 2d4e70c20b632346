extension JSONSlice {
  /// JSON text of our own making; ends the process when it is none.
  package static func trusted(_ text: String) -> JSONSlice { trusted(Array(text.utf8)) }

  /// JSON text of our own making; ends the process when it is none.
  package static func trusted(_ bytes: [UInt8]) -> JSONSlice {
    do {
      return try JSONSlice(validating: bytes)
    } catch {
      fatalError("our own JSON text is invalid: \(error)")
    }
  }

  /// What a writer put together out of validated slices and its own tokens: one complete value, with nothing around it.
  /// It is not validated again.
  package init(assembled writer: consuming JSONWriter) {
    let bytes = writer.finish()
    self.init(trusting: bytes, range: 0..<bytes.count, containsLineBreaks: true)
  }
}
