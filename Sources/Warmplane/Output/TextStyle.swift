import Glibc

/// Where text goes to: how wide it may be, and whether colours are welcome.
struct TextStyle: Sendable {
  /// SGR codes (ECMA-48) of the few looks we use.
  enum Look: String, Sendable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  let isTerminal: Bool
  let hasColours: Bool
  /// Whether the terminal understands no control sequences.
  let isDumb: Bool
  /// In columns.
  let width: Int
  /// In lines; nil when it is unknown.
  let height: Int?

  /// As the terminal is now.
  static var standardOutput: TextStyle { TextStyle(descriptor: STDOUT_FILENO) }
  static var standardError: TextStyle { TextStyle(descriptor: STDERR_FILENO) }

  /// Colours only on a terminal, not on a dumb one, and not against `NO_COLOR` (no-color.org). The width is the
  /// terminal's, else `COLUMNS`, else 80.
  private init(descriptor: Int32) {
    func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    isTerminal = isatty(descriptor) == 1
    isDumb = variable("TERM") == "dumb"
    hasColours = isTerminal && (variable("NO_COLOR") ?? "").isEmpty && !isDumb
    var size = winsize()
    let isKnown = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
    height = isKnown && size.ws_row > 0 ? Int(size.ws_row) : nil
    if isKnown, size.ws_col > 0 {
      width = max(20, Int(size.ws_col))
    } else if let columns = variable("COLUMNS").flatMap({ Int($0) }), (1...10_000).contains(columns) {
      width = max(20, columns)
    } else {
      width = 80
    }
  }

  func apply(_ look: Look?, to text: String) -> String {
    guard hasColours, let look, !text.isEmpty else { return text }
    return "\u{1B}[\(look.rawValue)m\(text)\u{1B}[0m"
  }
}
