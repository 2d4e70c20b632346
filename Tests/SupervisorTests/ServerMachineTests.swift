import Platform
import Protocol
import Testing

@testable import Supervisor

/// What the machine keeps between its states: counters, the crash loop, sentences.
@Suite struct ServerMachineTests {
  /// Takes events, all at one moment.
  private func take(_ machine: inout ServerMachine, _ events: ServerEvent..., at now: MonotonicTime = .zero) {
    for event in events { _ = machine.handle(event, now: now, jitter: 0.5) }
  }

  private func delay(_ actions: [ServerAction]) -> Duration? {
    for case .scheduleRetry(let delay) in actions { return delay }
    return nil
  }

  // MARK: Crash loop

  @Test func sixthFailureInAMinuteIsACrashLoop() {
    var machine = MachineSituation.starting.machine
    for second in 0..<5 {
      take(&machine, .startFailed("broke"), .retryDue, .slotGranted, at: .second(second))
      #expect(!machine.isCrashLooping)
    }
    let actions = machine.handle(.startFailed("broke"), now: .second(59), jitter: 0)
    #expect(machine.isCrashLooping && machine.code == .crashLoop && machine.word == "crash_loop")
    #expect(delay(actions) == Backoff.cap)
  }

  @Test func fiveFailuresInAMinuteAreNone() {
    var machine = MachineSituation.starting.machine
    for second in 0..<5 { take(&machine, .startFailed("broke"), .retryDue, .slotGranted, at: .second(second)) }
    take(&machine, .startFailed("broke"), at: .second(61))
    #expect(!machine.isCrashLooping)
  }

  private func crashLooping() -> ServerMachine {
    var machine = MachineSituation.starting.machine
    for _ in 0..<6 { take(&machine, .startFailed("broke"), .retryDue, .slotGranted) }
    #expect(machine.isCrashLooping)
    return machine
  }

  @Test func crashLoopIsLeftBySuccessButNotForgotten() {
    var machine = crashLooping()
    take(&machine, .started, at: .second(1))
    #expect(!machine.isCrashLooping && machine.code == .ready)
    take(&machine, .upstreamEnded("broke"), at: .second(2))
    #expect(machine.code == .crashLoop, "one success does not make it healthy")
  }

  @Test func stableTimeForgetsEverything() {
    var machine = crashLooping()
    take(&machine, .started, .stable, at: .second(61))
    let actions = machine.handle(.upstreamEnded("broke"), now: .second(61), jitter: 0.5)
    #expect(delay(actions) == .milliseconds(500) && machine.code == .restarting)
  }

  @Test func operatorRestartForgetsFailures() {
    var machine = crashLooping()
    take(&machine, .startFailed("broke"), .restartRequested)
    #expect(machine.state == .waiting && !machine.isCrashLooping && machine.failures == 0)
  }

  @Test func crashLoopIsTriedAtOnceWhenWanted() {
    var machine = crashLooping()
    take(&machine, .startFailed("broke"), .wanted)
    #expect(machine.state == .waiting)
    #expect(machine.code == .crashLoop, "an attempt is no success yet")
  }

  // MARK: Counters

  @Test func delaysGrow() {
    var machine = MachineSituation.starting.machine
    var delays: [Duration?] = []
    for minute in 1...8 {
      delays.append(delay(machine.handle(.startFailed("broke"), now: .second(90 * minute), jitter: 0.5)))
      take(&machine, .retryDue, .slotGranted, at: .second(90 * minute))
    }
    #expect(delays == [0.5, 1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })
  }

  @Test func restartsCountStartsAfterTheFirst() {
    var machine = MachineSituation.up.machine
    #expect(machine.restarts == 0)
    take(&machine, .upstreamEnded("broke"), .retryDue, .slotGranted)
    #expect(machine.restarts == 1)
    take(&machine, .started, .restartRequested)
    #expect(machine.restarts == 0)
    take(&machine, .workerGone, .slotGranted)
    #expect(machine.restarts == 0)
    take(&machine, .started, .upstreamEnded("broke"), .retryDue, .slotGranted)
    #expect(machine.restarts == 1)
  }

  @Test func probesCountInARow() {
    var machine = MachineSituation.shaky.machine
    take(&machine, .probeSucceeded, .probeFailed, .probeFailed)
    #expect(machine.state == .up(failedProbes: 2))
  }

  // MARK: Words

  @Test(arguments: [
    (MachineSituation.disabled, "disabled", ReadinessCode.disabled, "Server \"a\" is disabled in the configuration."),
    (.misconfigured, "misconfigured", .configInvalid, "Server \"a\" cannot be started: it has no command."),
    (.fresh, "starting", .starting, "Server \"a\" is starting."),
    (.waiting, "starting", .starting, "Server \"a\" is starting."),
    (.starting, "starting", .starting, "Server \"a\" is starting."),
    (.up, "ready", .ready, "Server \"a\" is ready."),
    (.shaky, "degraded", .ready, "Server \"a\" is ready, but: 2 liveness probes failed."),
    (
      .backingOff, "restarting", .transportUnavailable,
      "Server \"a\" cannot be reached: it exited with code 1. It is tried again by itself."
    ),
    (.replacing, "restarting", .restarting, "Server \"a\" is being restarted: it was told to restart."),
  ])
  func words(situation: MachineSituation, word: String, code: ReadinessCode, message: String) {
    let machine = situation.machine
    #expect(machine.word == word)
    #expect(machine.code == code)
    #expect(machine.message(server: "a") == message)
  }

  @Test func listProblemsDegrade() {
    var machine = MachineSituation.up.machine
    machine.listProblems = ["tools/list failed: no (code: -1)"]
    #expect(machine.word == "degraded" && machine.code == .ready)
    #expect(machine.message(server: "a") == "Server \"a\" is ready, but: tools/list failed: no (code: -1).")
  }
}
