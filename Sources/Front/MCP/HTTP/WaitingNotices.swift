/// What a client without a stream will be told when it opens one: what changed, each once, in the order of the first
/// time. Pure.
struct WaitingNotices {
  /// Resources whose changes are remembered; there are three lists.
  static let mostResources = 1000
  /// Bytes of their messages.
  static let mostBytes = 1 << 20

  private var messages: [(notice: ChangeNotice, bytes: [UInt8])] = []
  private var known: Set<ChangeNotice> = []
  private var bytes = 0

  var isEmpty: Bool { messages.isEmpty }

  /// Resources beyond the bounds are left out; lists never are.
  mutating func add(_ notice: ChangeNotice, _ message: [UInt8]) {
    if known.contains(notice) { return }
    if case .resource = notice {
      guard known.count < Self.mostResources, bytes + message.count <= Self.mostBytes else { return }
    }
    known.insert(notice)
    messages.append((notice, message))
    bytes += message.count
  }

  /// Gives everything away, in order.
  mutating func removeAll() -> [(notice: ChangeNotice, bytes: [UInt8])] {
    defer { self = WaitingNotices() }
    return messages
  }
}
