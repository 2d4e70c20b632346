/// Columns for people, two spaces apart. One column gives way when the line would be too long.
struct TextTable {
  struct Column {
    let title: String
    var isRight = false
  }

  struct Cell {
    let text: String
    var look: TextStyle.Look?

    init(_ text: String, _ look: TextStyle.Look? = nil) {
      self.text = text.onOneLine
      self.look = look
    }
  }

  private enum Line {
    case cells([Cell])
    /// Text below a row, wrapped, indented.
    case note(String, TextStyle.Look?)
  }

  /// Narrower than this the flexible column does not get.
  private static let leastWidth = 8

  private let columns: [Column]
  private let flexible: Int
  private var lines: [Line] = []

  /// `flexible`: index of the column that is cut to make a row fit.
  init(columns: [Column], flexible: Int) {
    self.columns = columns
    self.flexible = flexible
  }

  mutating func add(_ cells: [Cell]) {
    if cells.count != columns.count { fatalError("\(cells.count) cells for \(columns.count) columns") }
    lines.append(.cells(cells))
  }

  mutating func addNote(_ text: String, _ look: TextStyle.Look? = nil) { lines.append(.note(text.onOneLine, look)) }

  /// The table with its heading; every line ends with a line break.
  func rendered(_ style: TextStyle) -> String {
    var widths = columns.map(\.title.displayWidth)
    for case .cells(let cells) in lines {
      for (index, cell) in cells.enumerated() { widths[index] = max(widths[index], cell.text.displayWidth) }
    }
    let excess = widths.reduce(2 * (widths.count - 1), +) - style.width
    if excess > 0 { widths[flexible] = max(Self.leastWidth, widths[flexible] - excess) }
    var text = row(columns.map { Cell($0.title, .bold) }, widths, style)
    for line in lines {
      switch line {
      case .cells(let cells): text += row(cells, widths, style)
      case .note(let note, let look):
        for part in note.wrapped(to: style.width - 4) { text += "    \(style.apply(look, to: part))\n" }
      }
    }
    return text
  }

  private func row(_ cells: [Cell], _ widths: [Int], _ style: TextStyle) -> String {
    var text = ""
    for (index, cell) in cells.enumerated() {
      let isLast = index == cells.count - 1
      let cut = cell.text.cut(to: widths[index])
      let filling = String(repeating: " ", count: max(0, widths[index] - cut.displayWidth))
      let styled = style.apply(cell.look, to: cut)
      // Spaces stay outside of the colour, and none stand at the end of a line.
      text += columns[index].isRight ? filling + styled : styled + (isLast ? "" : filling)
      if !isLast { text += "  " }
    }
    return text + "\n"
  }
}
