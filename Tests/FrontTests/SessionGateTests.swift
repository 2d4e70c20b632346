import Platform
import Testing

@testable import Front

/// Requests of sessions while the store is being read.
@Suite("SessionGate")
struct SessionGateTests {
  @Test func whoWaitsGoesOnInOrder() throws {
    let gate = SessionGate()
    let loop = try EventLoop()
    var passed: [Int] = []
    gate.pass(FakeConnection()) { passed.append(0) }
    gate.close(loop) { Issue.record("it was opened") }
    let gone = FakeConnection()
    for (number, connection) in [FakeConnection(), gone, FakeConnection()].enumerated() {
      gate.pass(connection) { passed.append(number + 1) }
    }
    gone.leave()
    #expect(passed == [0])
    gate.open()
    gate.open()
    #expect(passed == [0, 1, 3])
    gate.pass(gone) { passed.append(4) }
    #expect(passed.last == 4)
  }

  @Test func aDiskThatHangsKeepsNobodyOut() throws {
    let gate = SessionGate()
    let loop = try EventLoop()
    var said: [String] = []
    gate.close(loop, for: .milliseconds(20)) { said.append("impatient") }
    gate.pass(FakeConnection()) {
      said.append("passed")
      loop.stop()
    }
    loop.schedule(after: .seconds(10)) { loop.stop() }
    loop.run()
    #expect(said == ["impatient", "passed"] && gate.isOpen)
  }

  @Test func tooManyAreRefused() throws {
    let gate = SessionGate()
    let loop = try EventLoop()
    gate.close(loop) {}
    let connections = (0...SessionGate.mostWaiting).map { _ in FakeConnection() }
    var passed = 0
    for connection in connections { gate.pass(connection) { passed += 1 } }
    #expect(connections.last?.status == 503 && connections.dropLast().allSatisfy { $0.status == nil })
    gate.refuseAll(.beingReplaced)
    gate.open()
    #expect(passed == 0 && connections.allSatisfy { $0.status == 503 })
  }
}
