/// The short description of lists (contract §4.2): the first sentence, at most 160 characters. Pure.
enum Summary {
  static let placeholder = "No summary available"
  static let longest = 160

  /// Whitespace runs become one space; a cut falls between words and shows as `…`.
  static func of(_ description: String?) -> String {
    // A bounded look: a description may be megabytes long, and its first sentence is not.
    let words = (description ?? "").prefix(8 * longest).split(whereSeparator: \.isWhitespace)
    guard !words.isEmpty else { return placeholder }
    let text = words.joined(separator: " ")
    let sentence = firstSentence(of: text)
    guard sentence.count > longest else { return sentence }
    let cut = sentence.prefix(longest - 1)
    guard let space = cut.lastIndex(of: " "), cut.distance(from: cut.startIndex, to: space) > longest / 2 else {
      return cut + "…"
    }
    return cut[..<space] + "…"
  }

  /// Up to the first full stop, exclamation or question mark that ends a word of more than one letter: not the dot of
  /// "e.g." or of "3.14".
  private static func firstSentence(of text: String) -> String {
    let words = text.split(separator: " ")
    var sentence: [Substring] = []
    for word in words {
      sentence.append(word)
      guard let mark = word.last, ".!?".contains(mark) else { continue }
      let body = word.dropLast()
      if mark != "." || (body.count > 1 && !body.contains(".")) { break }
    }
    return sentence.joined(separator: " ")
  }
}
