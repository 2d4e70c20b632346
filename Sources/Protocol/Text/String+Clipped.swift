extension String {
  /// This text, or its beginning and an ellipsis if it is longer than `limit` characters. For what others say in
  /// sentences of ours.
  package func clipped(to limit: Int) -> String {
    // Bytes first: counting the characters of a megabyte costs more than cutting it.
    let head = utf8.count > 4 * limit ? String(decoding: utf8.prefix(4 * limit), as: UTF8.self) : self
    guard head.count > limit || head.utf8.count < utf8.count else { return self }
    return String(head.prefix(limit - 1)) + "…"
  }
}
