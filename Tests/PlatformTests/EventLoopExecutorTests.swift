import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

/// The loop as the executor of actors and tasks.
@Suite(.timeLimit(.minutes(5))) struct EventLoopExecutorTests {
  actor Pinned {
    nonisolated let loop: EventLoop
    var log: [Int] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(_ loop: EventLoop) { self.loop = loop }

    func add(_ value: Int) -> Bool {
      log.append(value)
      return loop.isCurrent
    }
  }

  /// What each of several threads had the loop run, in the order in which it ran.
  final class Given: Sendable {
    let orders = Mutex<[Int: [Int]]>([:])
  }

  /// A loop that its own thread made.
  final class Started: Sendable {
    let loop = Mutex<EventLoop?>(nil)
  }

  @Test func aPinnedActorRunsOnTheLoop() async throws {
    let thread = try LoopThread()
    let actor = Pinned(thread.loop)
    #expect(!thread.loop.isCurrent)
    for value in 0..<1000 {
      #expect(await actor.add(value))
      #expect(!thread.loop.isCurrent)
    }
    #expect(await actor.log == Array(0..<1000))
  }

  @Test func tasksOfAPinnedActorStayOnTheLoop() async throws {
    try await LoopThread.run { on in
      let loop = on.loop
      #expect(loop.isCurrent)
      // Reading the actor makes the task inherit it.
      let stayed = await Task {
        _ = on
        let before = loop.isCurrent
        await Task.yield()
        return before && loop.isCurrent
      }.value
      #expect(stayed)
      let left = await Task.detached { loop.isCurrent }.value
      #expect(!left)
      #expect(loop.isCurrent)
      try await Task.sleep(for: .milliseconds(1))
      #expect(loop.isCurrent)
    }
  }

  @Test func aCallbackOfTheLoopMayAssumeItsActor() async throws {
    let thread = try LoopThread()
    let actor = Pinned(thread.loop)
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      thread.loop.perform {
        actor.assumeIsolated { $0.log.append(7) }
        continuation.resume()
      }
    }
    #expect(await actor.log == [7])
  }

  @Test func nothingThatSeveralThreadsGiveIsLost() async throws {
    let thread = try LoopThread()
    let actor = Pinned(thread.loop)
    let each = 5000
    let given = Given()
    await withTaskGroup(of: Void.self) { group in
      for giver in 0..<4 {
        group.addTask {
          await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            startThread {
              for number in 0..<each {
                thread.loop.perform {
                  given.orders.withLock { $0[giver, default: []].append(number) }
                }
              }
              thread.loop.perform { continuation.resume() }
            }
          }
        }
        group.addTask { for _ in 0..<each { _ = await actor.add(giver) } }
      }
    }
    #expect(await actor.log.count == 4 * each)
    given.orders.withLock { orders in
      for giver in 0..<4 { #expect(orders[giver] == Array(0..<each), "closures of one thread keep their order") }
    }
  }

  @Test func endOfTurnWorkRunsAfterTheJobsOfTheTurnInOrder() async throws {
    try await LoopThread.run { on in
      let loop = on.loop
      var log: [String] = []
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let log: (String) -> Void = { log.append($0) }
        loop.schedule(after: .zero) {
          loop.atEndOfTurn { log("end 1") }
          loop.atEndOfTurn {
            log("end 2")
            loop.atEndOfTurn {
              log("end 3")
              continuation.resume()
            }
          }
          log("timer")
        }
      }
      #expect(log == ["timer", "end 1", "end 2", "end 3"])
    }
  }

  @Test func anotherThreadStopsALoopThatSleeps() async throws {
    let started = Started()
    await withCheckedContinuation { (ended: CheckedContinuation<Void, Never>) in
      startThread {
        guard let loop = try? EventLoop() else { fatalError("no loop") }
        started.loop.withLock { $0 = loop }
        loop.schedule(after: .seconds(3600)) {}
        loop.run()
        ended.resume()
      }
      Task {
        _ = await eventually { started.loop.withLock { $0 != nil } }
        started.loop.withLock { $0 }?.stop()
      }
    }
    #expect(started.loop.withLock { $0 } != nil)
  }

  @Test func aLoopEndsTheProcessWhenAnotherThreadUsesIt() async {
    await #expect(processExitsWith: .failure) {
      let thread = try LoopThread()
      thread.loop.schedule(after: .zero) {}
    }
  }
}
