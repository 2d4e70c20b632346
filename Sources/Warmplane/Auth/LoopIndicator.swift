import Platform

/// A `WaitIndicator` that counts while the loop waits. Loop-confined.
final class LoopIndicator {
  private let indicator: WaitIndicator
  private let loop: EventLoop
  private let start = MonotonicTime.now
  private var timer: Timer?

  init(_ on: isolated CommandLoop, _ text: String) {
    indicator = WaitIndicator(text)
    loop = on.loop
    if indicator.isVisible { tick() }
  }

  private func tick() {
    indicator.update(.now - start)
    timer = loop.schedule(after: .milliseconds(500)) { [weak self] in self?.tick() }
  }

  /// Writes lines in the place of the indicator, which comes back below them.
  func print(_ text: String) {
    indicator.clear()
    Console.error(text)
  }

  /// Removes the line. Idempotent.
  func clear() {
    timer?.cancel()
    timer = nil
    indicator.clear()
  }
}
