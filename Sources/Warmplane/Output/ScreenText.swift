/// Text that takes the place of the text that was drawn before it.
enum ScreenText {
  /// From the upper left corner on, with what remains of the old text erased (ECMA-48: CUP, EL, ED); each line replaces
  /// its predecessor, so that nothing flickers. What does not fit into the window is left out: it would scroll.
  /// Elsewhere than on a terminal, the text and an empty line.
  static func redrawn(_ text: String, _ style: TextStyle) -> String {
    guard style.isTerminal, !style.isDumb else { return text + "\n" }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    if let height = style.height, lines.count > height - 1 {
      let hidden = lines.count - (height - 2)
      lines = lines.prefix(max(0, height - 2)) + ["… \(hidden) more lines"]
    }
    return "\u{1B}[H" + lines.map { "\($0)\u{1B}[K\n" }.joined() + "\u{1B}[J"
  }
}
