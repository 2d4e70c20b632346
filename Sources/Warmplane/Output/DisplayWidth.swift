extension String {
  /// Columns that a terminal needs for the text.
  var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

  /// The text with control characters as spaces, runs of white space as one: upstreams write it, and it must neither
  /// break a table nor steer the terminal.
  var onOneLine: String {
    var result = ""
    var isPending = false
    for scalar in unicodeScalars {
      let category = scalar.properties.generalCategory
      let isBlank =
        scalar.properties.isWhitespace || category == .control || category == .lineSeparator
        || category == .paragraphSeparator
      if isBlank {
        isPending = !result.isEmpty
      } else if category == .format, scalar != "\u{200D}" {
        continue  // Among them the ones that reverse the direction of writing.
      } else {
        if isPending { result += " " }
        isPending = false
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The text in at most `width` columns; a cut is shown by `…`.
  func cut(to width: Int) -> String {
    guard displayWidth > width else { return self }
    var result = ""
    var used = 0
    for character in self {
      let next = character.displayWidth
      if used + next > width - 1 { break }
      result.append(character)
      used += next
    }
    while result.last == " " { result.removeLast() }
    return width > 0 ? result + "…" : ""
  }

  /// The text, filled with spaces to `width` columns.
  func padded(to width: Int, isRight: Bool = false) -> String {
    let filling = String(repeating: " ", count: max(0, width - displayWidth))
    return isRight ? filling + self : self + filling
  }

  /// The words in lines of at most `width` columns; a longer word has a line of its own.
  func wrapped(to width: Int) -> [String] {
    var lines: [String] = []
    for paragraph in split(separator: "\n", omittingEmptySubsequences: false) {
      var line = ""
      for word in paragraph.split(separator: " ") {
        if line.isEmpty {
          line = String(word)
        } else if line.displayWidth + 1 + String(word).displayWidth <= width {
          line += " \(word)"
        } else {
          lines.append(line)
          line = String(word)
        }
      }
      lines.append(line)
    }
    return lines
  }
}

extension Character {
  /// 0, 1 or 2: East Asian wide characters (UAX #11) and emoji take two columns.
  fileprivate var displayWidth: Int {
    guard let scalar = unicodeScalars.first else { return 0 }
    if scalar.value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    if scalar.properties.isEmojiPresentation || unicodeScalars.contains("\u{FE0F}") { return 2 }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}
