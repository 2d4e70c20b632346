import Platform
import Protocol
import Testing

@testable import Supervisor

/// Random events, as a shell with slots, timers and worker processes would send them, and what must hold on every way.
@Suite struct ServerMachineWalkTests {
  /// The shell's side of the machine: what was taken and not given back.
  private struct Shell {
    var machine = ServerMachine(isDisabled: false, impossibility: nil)
    var now = MonotonicTime.zero
    var isInLine = false
    var slots = 0
    var isEndingWorker = false
    var starts = 0
    /// A restart on request, and the first start with credentials, is none that counts, and begins the count anew.
    var startsBeforeRequest = 0
    var isStopped = false
    /// Failures that count towards a crash loop.
    var failures: [MonotonicTime] = []

    mutating func take(_ event: ServerEvent, jitter: Double) {
      switch event {
      case .slotGranted:
        #expect(isInLine)
        isInLine = false
        slots += 1
      case .workerGone: isEndingWorker = false
      case .stop: isStopped = true
      case .stable: if machine.isUp { failures = [] }
      case .restartRequested: failures = []
      default: break
      }
      let actions = machine.handle(event, now: now, jitter: jitter)
      if !machine.hasStarted { startsBeforeRequest = starts }
      for action in actions { perform(action) }
      check(event)
    }

    private mutating func perform(_ action: ServerAction) {
      switch action {
      case .requestSlot:
        #expect(!isInLine && slots == 0, "it stands in line twice")
        isInLine = true
      case .releaseSlot: slots -= 1
      case .start:
        #expect(slots == 1 && !isEndingWorker && !isStopped)
        starts += 1
      case .endWorker: isEndingWorker = true
      case .scheduleRetry(let delay):
        #expect(delay >= .milliseconds(400) && delay <= Backoff.cap)
        // Waiting for credentials is not failing.
        guard machine.state == .backingOff else { return }
        failures.removeAll { now - $0 > RestartIntensity.period }
        failures.append(now)
        if failures.count > RestartIntensity.most { #expect(machine.isCrashLooping && delay == Backoff.cap) }
      default: break
      }
    }

    private func check(_ event: ServerEvent) {
      #expect((0...1).contains(slots), "after \(event)")
      #expect(machine.restarts == max(0, starts - startsBeforeRequest - 1))
      if isStopped { #expect([.stopping, .stopped].contains(machine.state)) }
      if !machine.isUp && !isStopped { #expect(machine.code != .ready) }
      #expect(Self.codes[machine.word]?.contains(machine.code) == true, "\(machine.word) with \(machine.code)")
      if machine.isCrashLooping { #expect(!machine.isUp) }
    }

    /// Contract §6.2: the words of `status` and the codes they go with; the last two exist while the daemon ends only.
    private static let codes: [String: Set<ReadinessCode>] = [
      "starting": [.starting], "ready": [.ready], "degraded": [.ready],
      "restarting": [.restarting, .transportUnavailable], "crash_loop": [.crashLoop],
      "needs_auth": [.authMissing, .authExpired, .authDiscoveryMissing], "misconfigured": [.configInvalid],
      "stopping": Set(ReadinessCode.allCases), "stopped": Set(ReadinessCode.allCases),
    ]

    /// An event that can happen now.
    func next(using generator: inout some RandomNumberGenerator) -> ServerEvent {
      if isInLine && .random(using: &generator) { return .slotGranted }
      if isEndingWorker && .random(using: &generator) { return .workerGone }
      let event = ServerEvent.all.randomElement(using: &generator) ?? .boot
      switch event {
      case .slotGranted where !isInLine, .workerGone where !isEndingWorker: return .wanted
      // Rare, or every walk would end before it got anywhere.
      case .stop where Int.random(in: 0..<20, using: &generator) > 0: return .started
      case .startFailed(ServerFailure.refused), .upstreamEnded(ServerFailure.refused):
        if Int.random(in: 0..<20, using: &generator) > 0 { return .credentialsChanged }
        return event
      case .restartRequested where Int.random(in: 0..<4, using: &generator) > 0: return .startFailed(.broke)
      default: return event
      }
    }
  }

  @Test(arguments: 0..<40)
  func invariants(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    var mostStarts = 0
    for _ in 0..<10 {
      var shell = Shell()
      for _ in 0..<200 {
        shell.now = shell.now + .milliseconds(.random(in: 0...20_000, using: &generator))
        shell.take(shell.next(using: &generator), jitter: .random(in: 0...1, using: &generator))
      }
      shell.take(.stop, jitter: 0)
      if shell.isInLine { shell.take(.slotGranted, jitter: 0) }
      if shell.isEndingWorker { shell.take(.workerGone, jitter: 0) }
      #expect(shell.machine.state == .stopped && shell.slots == 0)
      mostStarts = max(mostStarts, shell.starts)
    }
    #expect(mostStarts > 5, "the walks got nowhere")
  }
}
