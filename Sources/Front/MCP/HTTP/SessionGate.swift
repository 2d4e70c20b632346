import Platform

/// Lets requests of sessions wait while it is not known which sessions earlier daemons had: until then none can be found
/// missing. Not for ever, because a disk that hangs must not keep clients out. Loop-confined.
final class SessionGate {
  /// How long it stays closed.
  static let patience = Duration.seconds(3)
  /// Requests that wait at the same time.
  static let mostWaiting = 1024

  private(set) var isOpen = true
  private var waiting: [(connection: any MCPConnection, goOn: () -> Void)] = []
  private var timer: Timer?

  /// Closes it. `onImpatience` is called when it opens by itself, before those who wait go on.
  func close(_ loop: EventLoop, for patience: Duration = patience, onImpatience: @escaping () -> Void) {
    isOpen = false
    timer = loop.schedule(after: patience) { [weak self] in
      onImpatience()
      self?.open()
    }
  }

  /// Goes on at once, or when the gate opens, unless the client has gone by then. Refuses when too many wait.
  func pass(_ connection: any MCPConnection, _ goOn: @escaping () -> Void) {
    if isOpen { return goOn() }
    guard waiting.count < Self.mostWaiting else { return connection.refuse(.tooManyWaiting) }
    waiting.append((connection, goOn))
  }

  /// Those who wait go on, in the order in which they came. Idempotent.
  func open() {
    isOpen = true
    for (connection, goOn) in end() where connection.isOpen { goOn() }
  }

  /// Nobody goes on any more.
  func refuseAll(_ refusal: MCPHTTPRefusal) {
    for (connection, _) in end() where connection.isOpen { connection.refuse(refusal) }
  }

  private func end() -> [(connection: any MCPConnection, goOn: () -> Void)] {
    timer?.cancel()
    timer = nil
    defer { waiting = [] }
    return waiting
  }
}
