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

  /// Up to the first full stop, exclamation or question mark that ends a word, or to a full-width one anywhere: their
  /// scripts have no spaces between sentences.
  private static func firstSentence(of text: String) -> String {
    var end = text.startIndex
    for word in text.split(separator: " ") {
      if let mark = word.firstIndex(where: { "。！？｡".contains($0) }) { return String(text[...mark]) }
      end = word.endIndex
      guard let mark = word.last, ".!?".contains(mark) else { continue }
      if mark != "." || !isAbbreviation(word.dropLast()) { break }
    }
    return String(text[..<end])
  }

  /// A word before a dot that is most likely not the last of its sentence: single letters, as in "e.g." and "J.".
  private static func isAbbreviation(_ word: Substring) -> Bool {
    word.drop { !$0.isLetter && !$0.isNumber }.split(separator: ".").allSatisfy { $0.count == 1 }
  }
}
