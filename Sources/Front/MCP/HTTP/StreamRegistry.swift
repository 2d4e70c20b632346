import Platform

/// The open event streams of one endpoint, which get comments while they are quiet. Loop-confined.
final class StreamRegistry {
  /// Beyond these new streams are refused: the rest of the connections is for requests, of those who have one, too.
  static let most = HTTPLimits().connections / 4 * 3

  private let loop: EventLoop
  private var streams: [ObjectIdentifier: EventStream] = [:]
  private var timer: Timer?
  /// How long a stream may be quiet; nil: no comments. A change counts for open streams, too.
  var interval: Duration? {
    didSet {
      guard interval != oldValue else { return }
      timer?.cancel()
      timer = nil
      arm()
    }
  }

  init(loop: EventLoop, interval: Duration?) {
    self.loop = loop
    self.interval = interval
  }

  var count: Int { streams.count }
  var hasRoom: Bool { streams.count < Self.most }

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
    guard timer == nil, !streams.isEmpty, let interval else { return }
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
    arm()
  }
}
