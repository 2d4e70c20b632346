import Platform

/// The open event streams of one endpoint, which get comments while they are quiet. Loop-confined.
final class StreamRegistry {
  private let loop: EventLoop
  private var streams: [ObjectIdentifier: EventStream] = [:]
  private var timer: Timer?
  /// Nil: no comments.
  var interval: Duration?

  init(loop: EventLoop, interval: Duration?) {
    self.loop = loop
    self.interval = interval
  }

  var count: Int { streams.count }

  func add(_ stream: EventStream) {
    streams[ObjectIdentifier(stream)] = stream
    arm()
  }

  func remove(_ stream: EventStream) {
    streams[ObjectIdentifier(stream)] = nil
    guard streams.isEmpty else { return }
    timer?.cancel()
    timer = nil
  }

  private func arm() {
    guard timer == nil, let interval else { return }
    timer = loop.schedule(after: interval) { [weak self] in self?.keepAlive() }
  }

  private func keepAlive() {
    timer = nil
    guard let interval else { return }
    let now = MonotonicTime.now
    for (key, stream) in streams {
      if !stream.isOpen {
        streams[key] = nil
      } else if stream.lastSent + interval / 2 <= now {
        stream.comment()
      }
    }
    if !streams.isEmpty { arm() }
  }
}
