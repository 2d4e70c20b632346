/// Bounds how many servers start at the same time: a hundred `npx` at once are all late. First come, first served. Pure.
struct StartSlots: Sendable {
  private let capacity: Int
  private var taken = 0
  private var line: [String] = []

  /// `capacity`: at least 1.
  init(capacity: Int) { self.capacity = max(1, capacity) }

  /// True when the slot is granted now; otherwise `server` waits in line.
  mutating func request(_ server: String) -> Bool {
    if taken < capacity {
      taken += 1
      return true
    }
    line.append(server)
    return false
  }

  /// Gives a slot back; the server that gets it next, if one waits.
  mutating func release() -> String? {
    if line.isEmpty {
      taken = max(0, taken - 1)
      return nil
    }
    return line.removeFirst()
  }

  /// Somebody in line does not want it any more.
  mutating func leave(_ server: String) { line.removeAll { $0 == server } }
}
