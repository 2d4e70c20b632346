/// Lets a few tests at a time use the peer. It is one process for all of them, and what they want of it has deadlines: on a
/// busy machine too many at once would fail by themselves.
actor WorldGate {
  static let shared = WorldGate()

  private var free = 3
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func pass(_ body: @Sendable () async throws -> Void) async throws {
    await enter()
    defer { leave() }
    try await body()
  }

  private func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  private func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
