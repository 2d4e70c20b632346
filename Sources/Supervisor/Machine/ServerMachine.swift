import Platform
import Protocol

/// The life of one server as a state machine: every state has an answer for every event. Pure: no clock, no I/O.
///
/// One-for-one supervision without giving up: a failure is followed by another attempt after a growing delay; too many
/// restarts within the period are a crash loop, which is tried on at the capped delay, and at once when somebody wants
/// the server (contract §6.1).
struct ServerMachine: Sendable {
  /// Time up after which the counters start anew.
  static let stablePeriod = Duration.seconds(60)
  /// Failed liveness probes in a row that end a session.
  static let mostFailedProbes = 3

  private(set) var state: ServerState
  /// It had a session at least once since it was configured.
  private(set) var wasUp = false
  /// Attempts that failed since the last stable time.
  private(set) var failures = 0
  /// Starts after the first one, for `status`.
  private(set) var restarts = 0
  private(set) var isCrashLooping = false
  /// Lists that could not be read completely, one sentence each.
  var listProblems: [String] = []
  /// Ids that another server has, one sentence each.
  var omissions: [String] = []
  /// What went wrong last, in one sentence without the server's name.
  private(set) var lastFailure: String?
  private var intensity = RestartIntensity()
  private var hasSlot = false
  private var hasStarted = false

  init(isDisabled: Bool, misconfiguration: String?) {
    lastFailure = misconfiguration
    state = isDisabled ? .disabled : misconfiguration != nil ? .misconfigured : .backingOff
  }

  /// Takes an event and says what to do. `jitter` in 0…1 scatters the delays.
  mutating func handle(_ event: ServerEvent, now: MonotonicTime, jitter: Double) -> [ServerAction] {
    switch event {
    case .boot: onBoot()
    case .slotGranted: onSlotGranted()
    case .slotNeedless: releaseSlot()
    case .started: onStarted()
    case .startFailed(let detail): onStartFailed(detail, now, jitter)
    case .upstreamEnded(let detail), .workerLost(let detail): onEnded(detail, now, jitter)
    case .wanted: onWanted()
    case .restartRequested: onRestartRequested()
    case .retryDue: onRetryDue()
    case .stable: onStable()
    case .probeSucceeded: onProbe(succeeded: true)
    case .probeFailed: onProbe(succeeded: false)
    case .stop: onStop()
    case .workerGone: onWorkerGone()
    }
  }

  // MARK: Starting

  private mutating func onBoot() -> [ServerAction] {
    guard state == .backingOff, !hasStarted else { return [] }
    return attempt()
  }

  private mutating func attempt() -> [ServerAction] {
    state = .waiting
    return [.cancelRetry, .requestSlot]
  }

  private mutating func onSlotGranted() -> [ServerAction] {
    guard state == .waiting else {
      // It changed its mind while it waited in line.
      return [.releaseSlot]
    }
    if hasStarted { restarts += 1 }
    hasStarted = true
    hasSlot = true
    state = .starting
    return [.start]
  }

  private mutating func onStarted() -> [ServerAction] {
    guard state == .starting else { return [] }
    state = .up(failedProbes: 0)
    wasUp = true
    lastFailure = nil
    isCrashLooping = false
    return releaseSlot() + [.scheduleStability, .reportReady, .releaseWaiters]
  }

  private mutating func onStartFailed(
    _ detail: String, _ now: MonotonicTime, _ jitter: Double
  ) -> [ServerAction] {
    guard state == .starting else { return [] }
    return fail(detail, now, jitter, report: .reportSkipped)
  }

  private mutating func onEnded(_ detail: String, _ now: MonotonicTime, _ jitter: Double) -> [ServerAction] {
    switch state {
    case .starting: fail(detail, now, jitter, report: .reportSkipped)
    case .up: [.cancelStability] + fail(detail, now, jitter, report: .reportEnded)
    case .disabled, .misconfigured, .waiting, .backingOff, .replacing, .stopping, .stopped: []
    }
  }

  private mutating func fail(
    _ detail: String, _ now: MonotonicTime, _ jitter: Double, report: ServerAction
  ) -> [ServerAction] {
    lastFailure = detail
    failures += 1
    isCrashLooping = intensity.note(at: now) || isCrashLooping
    let delay = isCrashLooping ? Backoff.cap : Backoff.delay(failures: failures, jitter: jitter)
    state = .backingOff
    // Waiters last: who hears of the failure may ask again at once, which starts the next attempt inside this one.
    return releaseSlot() + [
      report, .scheduleRetry(delay), .reportRestarting(attempt: failures, delay: delay), .failWaiters,
    ]
  }

  private mutating func releaseSlot() -> [ServerAction] {
    guard hasSlot else { return [] }
    hasSlot = false
    return [.releaseSlot]
  }

  // MARK: Trying again

  private mutating func onRetryDue() -> [ServerAction] { state == .backingOff ? attempt() : [] }

  private mutating func onWanted() -> [ServerAction] { state == .backingOff ? attempt() : [] }

  private mutating func onRestartRequested() -> [ServerAction] {
    resetCounters()
    // The count begins anew, and the start that was asked for is not one of the restarts.
    restarts = 0
    hasStarted = false
    switch state {
    case .backingOff: return attempt()
    case .up:
      lastFailure = "was told to restart"
      state = .replacing
      return [.cancelStability, .endWorker]
    case .starting:
      state = .replacing
      return releaseSlot() + [.endWorker]
    case .disabled, .misconfigured, .waiting, .replacing, .stopping, .stopped: return []
    }
  }

  private mutating func onStable() -> [ServerAction] {
    guard case .up = state else { return [] }
    resetCounters()
    return []
  }

  private mutating func resetCounters() {
    failures = 0
    isCrashLooping = false
    intensity.reset()
  }

  // MARK: Liveness

  private mutating func onProbe(succeeded: Bool) -> [ServerAction] {
    guard case .up(let failed) = state else { return [] }
    if succeeded {
      state = .up(failedProbes: 0)
      return []
    }
    guard failed + 1 >= Self.mostFailedProbes else {
      state = .up(failedProbes: failed + 1)
      return []
    }
    lastFailure = "does not answer liveness probes (\(failed + 1) in a row)"
    state = .replacing
    return [.cancelStability, .reportEnded, .endWorker]
  }

  // MARK: Ending

  private mutating func onStop() -> [ServerAction] {
    switch state {
    case .stopping, .stopped: return []
    case .disabled, .misconfigured:
      state = .stopped
      return []
    case .waiting, .starting, .up, .backingOff, .replacing:
      state = .stopping
      return releaseSlot() + [.cancelRetry, .cancelStability, .failWaiters, .endWorker]
    }
  }

  private mutating func onWorkerGone() -> [ServerAction] {
    switch state {
    case .replacing: return attempt()
    case .stopping:
      state = .stopped
      return []
    case .disabled, .misconfigured, .waiting, .starting, .up, .backingOff, .stopped: return []
    }
  }
}
