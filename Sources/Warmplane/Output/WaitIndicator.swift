/// A line on the terminal while a command waits; nothing when standard error is no terminal.
final class WaitIndicator {
  /// Shorter waits show nothing: a line that flashes is worse than none.
  private static let patience = Duration.milliseconds(400)

  private let text: String
  private let style = TextStyle.standardError
  private var isShown = false

  init(_ text: String) { self.text = text }

  /// Whether there is anybody to show it to.
  var isVisible: Bool { style.isTerminal }

  /// What to call while waiting; nil when nobody looks.
  var observer: ((Duration) -> Void)? { isVisible ? { self.update($0) } : nil }

  /// Shows how long it has been.
  func update(_ time: Duration) {
    guard style.isTerminal, time >= Self.patience else { return }
    let seconds = "\(time.components.seconds)s"
    let line = "\(text) \(seconds)".cut(to: style.width - 1)
    isShown = true
    Console.error("\r\u{1B}[K\(style.apply(.dim, to: line))")
  }

  /// Removes the line. Idempotent.
  func clear() {
    if isShown { Console.error("\r\u{1B}[K") }
    isShown = false
  }
}
