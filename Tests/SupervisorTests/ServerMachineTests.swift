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
      take(&machine, .startFailed(.broke), .retryDue, .slotGranted, at: .second(second))
      #expect(!machine.isCrashLooping)
    }
    let actions = machine.handle(.startFailed(.broke), now: .second(59), jitter: 0)
    #expect(machine.isCrashLooping && machine.code == .crashLoop && machine.word == "crash_loop")
    #expect(delay(actions) == Backoff.cap)
  }

  @Test func fiveFailuresInAMinuteAreNone() {
    var machine = MachineSituation.starting.machine
    for second in 0..<5 { take(&machine, .startFailed(.broke), .retryDue, .slotGranted, at: .second(second)) }
    take(&machine, .startFailed(.broke), at: .second(61))
    #expect(!machine.isCrashLooping)
  }

  private func crashLooping() -> ServerMachine {
    var machine = MachineSituation.starting.machine
    for _ in 0..<6 { take(&machine, .startFailed(.broke), .retryDue, .slotGranted) }
    #expect(machine.isCrashLooping)
    return machine
  }

  @Test func crashLoopIsLeftBySuccessButNotForgotten() {
    var machine = crashLooping()
    take(&machine, .started, at: .second(1))
    #expect(!machine.isCrashLooping && machine.code == .ready)
    take(&machine, .upstreamEnded(.broke), at: .second(2))
    #expect(machine.code == .crashLoop, "one success does not make it healthy")
  }

  @Test func stableTimeForgetsEverything() {
    var machine = crashLooping()
    take(&machine, .started, .stable, at: .second(61))
    let actions = machine.handle(.upstreamEnded(.broke), now: .second(61), jitter: 0.5)
    #expect(delay(actions) == .milliseconds(500) && machine.code == .restarting)
  }

  @Test func operatorRestartForgetsFailures() {
    var machine = crashLooping()
    take(&machine, .startFailed(.broke), .restartRequested)
    #expect(machine.state == .waiting && !machine.isCrashLooping && machine.failures == 0)
  }

  @Test func crashLoopIsTriedAtOnceWhenWanted() {
    var machine = crashLooping()
    take(&machine, .startFailed(.broke), .wanted)
    #expect(machine.state == .waiting)
    #expect(machine.code == .crashLoop, "an attempt is no success yet")
  }

  // MARK: Counters

  @Test func delaysGrow() {
    var machine = MachineSituation.starting.machine
    var delays: [Duration?] = []
    for minute in 1...8 {
      delays.append(delay(machine.handle(.startFailed(.broke), now: .second(90 * minute), jitter: 0.5)))
      take(&machine, .retryDue, .slotGranted, at: .second(90 * minute))
    }
    #expect(delays == [0.5, 1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })
  }

  @Test func restartsCountStartsAfterTheFirst() {
    var machine = MachineSituation.up.machine
    #expect(machine.restarts == 0)
    take(&machine, .upstreamEnded(.broke), .retryDue, .slotGranted)
    #expect(machine.restarts == 1)
    take(&machine, .started, .restartRequested)
    #expect(machine.restarts == 0)
    take(&machine, .workerGone, .slotGranted)
    #expect(machine.restarts == 0)
    take(&machine, .started, .upstreamEnded(.broke), .retryDue, .slotGranted)
    #expect(machine.restarts == 1)
  }

  @Test func probesCountInARow() {
    var machine = MachineSituation.shaky.machine
    take(&machine, .probeSucceeded, .probeFailed, .probeFailed)
    #expect(machine.state == .up(failedProbes: 2))
  }

  // MARK: Credentials

  @Test(arguments: [
    (ReadinessCode.authMissing, true), (.authExpired, true), (.authDiscoveryMissing, true),
    (.authRefreshFailed, false), (.authStoreUnavailable, false),
  ])
  func credentialFailuresWaitOrAreRetried(code: ReadinessCode, isWaiting: Bool) {
    for situation in [MachineSituation.starting, .up] {
      var machine = situation.machine
      let failure = ServerFailure("broke", code: code)
      let actions = machine.handle(
        situation == .up ? .upstreamEnded(failure) : .startFailed(failure), now: .zero, jitter: 0.5)
      #expect(machine.code == code && machine.word == (isWaiting ? "needs_auth" : "restarting"))
      #expect((delay(actions) == nil) == isWaiting)
      take(&machine, .credentialsChanged)
      #expect(machine.state == .waiting)
    }
  }

  @Test func missingTokensAreNoCrashLoop() {
    var machine = MachineSituation.starting.machine
    for _ in 0..<9 {
      take(&machine, .startFailed(ServerFailure("broke", code: .authRefreshFailed)), .retryDue, .slotGranted)
    }
    #expect(machine.code == .authRefreshFailed && !machine.isCrashLooping)
    take(&machine, .startFailed(ServerFailure("broke", code: .authRefreshFailed)))
    #expect(machine.code == .authRefreshFailed && machine.failures == 10)
  }

  @Test func aLoginBeginsTheFirstStart() {
    var machine = MachineSituation.needsAuth.machine
    take(&machine, .credentialsChanged)
    #expect(machine.code == .starting && machine.word == "starting" && machine.hasFailed)
    take(&machine, .slotGranted, .started)
    #expect(machine.code == .ready && machine.restarts == 0)
    take(&machine, .upstreamEnded(.penniless), .credentialsChanged, .slotGranted)
    #expect(machine.code == .restarting && machine.restarts == 1)
  }

  @Test func credentialsThatChangeDuringAnAttemptAreTriedNext() {
    var machine = MachineSituation.starting.machine
    take(&machine, .credentialsChanged)
    let actions = machine.handle(.startFailed(.penniless), now: .zero, jitter: 0.5)
    // Nothing is reported and operations go on waiting.
    #expect(actions == [.releaseSlot, .cancelRetry, .requestSlot] && machine.state == .waiting)
    take(&machine, .slotGranted, .startFailed(.penniless))
    #expect(machine.state == .needsAuth, "once")
  }

  /// An attempt that changes the store itself must not follow itself for ever.
  @Test func credentialsThatChangeAllTheTimeAreTriedByTimer() {
    var machine = MachineSituation.needsAuth.machine
    for _ in 0..<5 {
      take(&machine, .credentialsChanged, .slotGranted, .startFailed(.penniless))
      #expect(machine.state == .needsAuth)
    }
    let actions = machine.handle(.credentialsChanged, now: .zero, jitter: 0.5)
    #expect(actions == [.cancelRetry, .scheduleRetry(Backoff.cap)] && machine.state == .needsAuth)
    take(&machine, .retryDue, at: .second(30))
    #expect(machine.state == .waiting)
    machine = MachineSituation.needsAuth.machine
    for second in 0..<9 {
      take(&machine, .credentialsChanged, .slotGranted, .startFailed(.penniless), at: .second(20 * second))
    }
    take(&machine, .credentialsChanged, at: .second(180))
    #expect(machine.state == .waiting, "seldom enough")
  }

  // MARK: Retry-After

  @Test(arguments: [(0, 0.5), (1, 1), (20, 20), (299, 299), (301, 300), (86_400, 300)] as [(Int, Double)])
  func theServerMayAskForTime(seconds: Int, wait: Double) {
    var machine = MachineSituation.starting.machine
    let failure = ServerFailure("is busy", code: .transportUnavailable, retryAfter: .seconds(seconds))
    let actions = machine.handle(.startFailed(failure), now: .zero, jitter: 0.5)
    #expect(delay(actions) == .seconds(wait))
    #expect(machine.code == .transportUnavailable)
  }

  @Test func aWishDoesNotShortenTheBackoff() {
    var machine = MachineSituation.starting.machine
    for minute in 1...4 { take(&machine, .startFailed(.broke), .retryDue, .slotGranted, at: .second(90 * minute)) }
    let failure = ServerFailure("is busy", retryAfter: .seconds(1))
    let actions = machine.handle(.startFailed(failure), now: .second(500), jitter: 0.5)
    #expect(delay(actions) == .seconds(8))
  }

  @Test func callsDoNotShortenTheTime() {
    var machine = MachineSituation.held.machine
    take(&machine, .wanted, at: .second(19))
    #expect(machine.state == .backingOff && machine.isHeld(at: .second(19)) && !machine.isHeld(at: .second(20)))
    take(&machine, .wanted, at: .second(20))
    #expect(machine.state == .waiting)
    machine = MachineSituation.held.machine
    take(&machine, .restartRequested)
    #expect(machine.state == .waiting, "an operator knows better")
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
    (
      .penniless, "needs_auth", .authMissing,
      "Server \"a\" lacks the variable T; set it, and start the daemon anew after: warmplane stop."
    ),
    (
      .needsAuth, "needs_auth", .authMissing,
      "Server \"a\" has no stored credentials; run: warmplane auth login a."
    ),
    (
      .tokenless, "restarting", .authRefreshFailed,
      "Server \"a\" has no valid access token; it is tried again by itself; run: warmplane auth login a."
    ),
    (.misconfiguredByWorker, "misconfigured", .configInvalid, "Server \"a\" cannot be started: bad key."),
    (.replacing, "restarting", .restarting, "Server \"a\" is being restarted: it was told to restart."),
  ])
  func words(situation: MachineSituation, word: String, code: ReadinessCode, message: String) {
    let machine = situation.machine
    #expect(machine.word == word)
    #expect(machine.code == code)
    #expect(machine.message(server: "a") == message)
  }

  @Test(
    arguments: [
      (.authMissing, "wants more; run: warmplane auth login a", "wants more; run: warmplane auth login a"),
      (.authExpired, "has nothing", "has nothing; run: warmplane auth login 'the app'"),
      (
        .authStoreUnavailable, "has no credentials at hand",
        "has no credentials at hand; it is tried again by itself; see: warmplane auth status 'the app'"
      ),
      (
        .transportUnavailable, "cannot be reached: no route",
        "cannot be reached: no route. It is tried again by itself"
      ),
      (nil, "exited", "cannot be reached: it exited. It is tried again by itself"),
    ] as [(ReadinessCode?, String, String)])
  func failuresOfWorkers(code: ReadinessCode?, detail: String, message: String) {
    var machine = ServerMachine(isDisabled: false, impossibility: nil, hasLogin: true)
    take(&machine, .boot, .slotGranted, .startFailed(ServerFailure(detail, code: code)))
    #expect(machine.message(server: "the app") == "Server \"the app\" \(message).")
  }

  @Test func aClientThatLogsInByItself() {
    var machine = ServerMachine(isDisabled: false, impossibility: nil)
    take(&machine, .boot, .slotGranted, .startFailed(ServerFailure("gets no token", code: .authMissing)))
    #expect(
      machine.message(server: "a")
        == "Server \"a\" gets no token; correct auth in the configuration, then: warmplane reload.")
  }

  @Test func listProblemsDegrade() {
    var machine = MachineSituation.up.machine
    machine.listProblems = ["tools/list failed: no (code: -1)"]
    #expect(machine.word == "degraded" && machine.code == .ready)
    #expect(machine.message(server: "a") == "Server \"a\" is ready, but: tools/list failed: no (code: -1).")
  }
}
