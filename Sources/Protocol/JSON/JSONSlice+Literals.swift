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
}
