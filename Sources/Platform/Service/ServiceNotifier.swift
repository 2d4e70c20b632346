/// Tells a service manager how this service is (sd_notify(3)): its state at once, its status text not too often, and
/// signs of life from the loop, so that a loop that is stuck is noticed. Loop-confined.
package final class ServiceNotifier {
  /// What the manager wants to know.
  package enum State: Sendable, Equatable {
    /// It serves. Also after a reload.
    case ready
    /// It applies a configuration, or gives way to another program in the same process; `ready` follows.
    case reloading
    /// It ends.
    case stopping
  }

  /// Between two texts that nobody asked for.
  private static let statusInterval = Duration.seconds(1)
  /// Until a datagram for which there was no room is tried again.
  private static let retryInterval = Duration.milliseconds(50)
  /// More of a text is cut, in bytes.
  private static let longestText = 1024
  /// A watchdog cannot ask for more signs of life than that.
  private static let shortestPeriod = Duration.milliseconds(10)

  private let loop: EventLoop
  private let socket: NotifySocket
  private let watchdogPeriod: Duration?
  /// The text, when it is needed.
  private let text: () -> String
  private var toldText: String?
  private var textTimer: Timer?
  private var toldAt: MonotonicTime?
  /// Datagrams that found no room, in order. Few: states follow each other as people act.
  private var waiting: [String] = []

  /// Sends the first sign of life when the watchdog asks for one.
  ///
  /// - Parameters:
  ///   - name: `NOTIFY_SOCKET`.
  ///   - watchdog: How long the manager waits for a sign of life; it gets one in half of that.
  ///   - text: What the service says of itself, in one line; called on the loop.
  package init(
    loop: EventLoop, name: String, watchdog: Duration?, text: @escaping () -> String
  ) throws(SystemError) {
    self.loop = loop
    self.text = text
    socket = try NotifySocket(name)
    watchdogPeriod = watchdog.map { max($0 / 2, Self.shortestPeriod) }
    giveSignOfLife()
  }

  /// Tells a new state, with the text of this moment.
  package func tell(_ state: State) {
    switch state {
    case .ready: send("READY=1\n" + status())
    case .reloading:
      // The moment tells this reload from an earlier one whose `ready` is still on its way.
      send("RELOADING=1\nMONOTONIC_USEC=\(MonotonicTime.now.nanoseconds / 1000)\n" + status())
    case .stopping: send("STOPPING=1\n" + status())
    }
  }

  /// The text may have changed; it is told when it has, at most once a second.
  package func textMayHaveChanged() {
    guard textTimer == nil else { return }
    let due = toldAt.map { $0 + Self.statusInterval } ?? .now
    textTimer = loop.schedule(at: due) { [weak self] in
      guard let self else { return }
      textTimer = nil
      let line = text()
      if line != toldText { send(status(line)) }
    }
  }

  private func status(_ line: String? = nil) -> String {
    let line = line ?? text()
    toldText = line
    toldAt = .now
    let safe = line.utf8.prefix(Self.longestText).map { $0 < 0x20 ? UInt8(ascii: " ") : $0 }
    return "STATUS=" + String(decoding: safe, as: UTF8.self)
  }

  private func giveSignOfLife() {
    guard let watchdogPeriod else { return }
    // Not queued: the next one is as good.
    _ = socket.send("WATCHDOG=1")
    loop.schedule(after: watchdogPeriod) { [weak self] in self?.giveSignOfLife() }
  }

  private func send(_ datagram: String) {
    guard waiting.isEmpty, socket.send(datagram) != .busy else {
      if waiting.isEmpty { retryLater() }
      return waiting.append(datagram)
    }
  }

  private func retryLater() {
    loop.schedule(after: Self.retryInterval) { [weak self] in
      guard let self else { return }
      while let first = waiting.first {
        if socket.send(first) == .busy { return retryLater() }
        waiting.removeFirst()
      }
    }
  }
}
