import Platform
import Protocol

/// Bounds what notifications of an upstream cost on their way to the supervisor, whether that reads slowly, is gone or the
/// upstream talks without end. Pure.
///
/// While there is room everything passes. When there is none, of a call's progress and of a resource's changes the latest
/// is held and the others are forgotten, for they say nothing that the latest does not; log messages are dropped and
/// counted.
struct RelayQueue {
  /// While so many bytes wait for the supervisor, nothing more is sent.
  static let backlog = 256 * 1024
  /// Held frames may have so many bytes together.
  static let mostHeldBytes = 4 << 20
  /// Longest frame that is passed on.
  static let longest = 1 << 20
  static let mostHeldResources = Interests.mostResources

  enum Subject: Hashable {
    case progress(OperationID)
    case resource(String)
    case log
  }

  private var progress: [OperationID: TokenBucket] = [:]
  private var resources = TokenBucket(burst: 1000, perSecond: 100)
  private var messages = TokenBucket(burst: 1000, perSecond: 500)
  private var held: [Subject: [UInt8]] = [:]
  /// Subjects of `held`, the one that waits longest first.
  private var order: [Subject] = []
  private var heldBytes = 0
  private var droppedMessages = 0

  var hasWaiting: Bool { !order.isEmpty || droppedMessages > 0 }

  /// Returns whether to send the frame now; else it is held or dropped. `hasRoom`: somebody reads.
  mutating func offer(_ subject: Subject, _ frame: [UInt8], hasRoom: Bool, now: MonotonicTime) -> Bool {
    guard frame.count <= Self.longest else {
      if subject == .log { droppedMessages += 1 }
      return false
    }
    // What is held goes first.
    if hasRoom, held[subject] == nil, take(subject, now) { return true }
    hold(subject, frame)
    return false
  }

  private mutating func take(_ subject: Subject, _ now: MonotonicTime) -> Bool {
    switch subject {
    case .progress(let operation): progress[operation, default: TokenBucket(burst: 100, perSecond: 20)].take(at: now)
    case .resource: resources.take(at: now)
    case .log: messages.take(at: now)
    }
  }

  private mutating func hold(_ subject: Subject, _ frame: [UInt8]) {
    if subject == .log {
      droppedMessages += 1
      return
    }
    let old = held[subject]
    let bytes = heldBytes - (old?.count ?? 0) + frame.count
    guard bytes <= Self.mostHeldBytes, old != nil || order.count < Self.mostHeldResources + UpstreamLink.mostCalls
    else { return }
    if old == nil { order.append(subject) }
    held[subject] = frame
    heldBytes = bytes
  }

  /// What may be sent by now; to be asked again a little later while something waits.
  mutating func due(now: MonotonicTime) -> [[UInt8]] {
    var frames: [[UInt8]] = []
    var rest: [Subject] = []
    for subject in order {
      if take(subject, now), let frame = held.removeValue(forKey: subject) {
        heldBytes -= frame.count
        frames.append(frame)
      } else {
        rest.append(subject)
      }
    }
    order = rest
    return frames
  }

  /// The operation is over; its last progress, which should be told before its answer, if it was held.
  mutating func finish(_ operation: OperationID) -> [UInt8]? {
    progress[operation] = nil
    guard let frame = held.removeValue(forKey: .progress(operation)) else { return nil }
    order.removeAll { $0 == .progress(operation) }
    heldBytes -= frame.count
    return frame
  }

  /// How many log messages were dropped since the last time.
  mutating func takeDropped() -> Int {
    defer { droppedMessages = 0 }
    return droppedMessages
  }
}
