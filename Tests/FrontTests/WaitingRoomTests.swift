import Protocol
import Supervisor
import Testing

@testable import Front

/// What waits before it is an operation.
@Suite struct WaitingRoomTests {
  @Test func order() {
    var room = WaitingRoom<Int>()
    let ids = (0..<20).map { _ in OperationID.random() }
    for (number, id) in ids.enumerated() { room.add(number, id) }
    #expect(room.ids == ids && !room.isEmpty)
    let taken = [room.remove(ids[3]), room.remove(ids[3]), room.remove(.random())]
    #expect(taken == [3, nil, nil])
    let rest = room.removeAll()
    #expect(rest == (0..<20).filter { $0 != 3 } && room.isEmpty)
  }

  @Test func bound() {
    var room = WaitingRoom<Int>()
    for number in 0..<WaitingRoom<Int>.most {
      #expect(!room.isFull)
      room.add(number, .random())
    }
    #expect(room.isFull)
    room.remove(room.ids[0])
    #expect(!room.isFull)
  }

  @Test("a session that ended has no request under way")
  func endedSession() {
    var state = MCPSessionState(resuming: .november2025)
    let resumed = (0..<MCPSessionState.mostInFlight).map { state.resume(.int(Int64($0))) }
    #expect(resumed.allSatisfy { $0 })
    let more = state.resume(.string("more"))
    #expect(!more)
    state.endAll()
    let ended = state.end(.int(1))
    #expect(state.inFlight.isEmpty && !ended)
  }
}
