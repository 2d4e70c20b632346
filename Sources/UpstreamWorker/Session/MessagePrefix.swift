/// Reads what it can from the beginning of a message that was too large to keep.
enum MessagePrefix {
  /// The integer `id` if the message begins like an answer: `"id":7` before any result. Best effort.
  static func integerID(in prefix: [UInt8]) -> Int? {
    let text = String(decoding: prefix, as: UTF8.self)
    // Only what comes before the first value with members of its own: an `id` further in is somebody else's.
    guard let opening = text.firstIndex(of: "{") else { return nil }
    let head = text[text.index(after: opening)...].prefix { $0 != "[" && $0 != "{" }
    guard let name = head.firstRange(of: "\"id\"") else { return nil }
    let rest = head[name.upperBound...].drop { $0 == " " || $0 == ":" }
    return Int(rest.prefix { $0.isASCII && $0.isNumber })
  }
}

extension Substring {
  /// The first place where `needle` occurs; the standard library's own search is not available without `_StringProcessing`.
  fileprivate func firstRange(of needle: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
      start = index(after: start)
    }
    return nil
  }
}
