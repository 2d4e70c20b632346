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

  /// Longest delay that a server can ask for.
  static let longestRetryAfter = Duration.seconds(300)

  /// Written by the machine's own files only.
  var state: ServerState
  /// It had a session at least once since it was configured.
  private(set) var wasUp = false
  /// An attempt ended without a session, or a session ended.
  private(set) var hasFailed = false
  /// Attempts that failed since the last stable time.
  private(set) var failures = 0
  /// Starts after the first one, for `status`.
  private(set) var restarts = 0
  private(set) var isCrashLooping = false
  /// Lists that could not be read completely, one sentence each.
  var listProblems: [String] = []
  /// Ids that another server has, one sentence each.
  var omissions: [String] = []
  /// What went wrong last.
  var lastFailure: ServerFailure?
  /// Until then the server asked to be left alone.
  private(set) var heldUntil: MonotonicTime?
  /// False: its entry or the daemon's environment must change before any attempt.
  let canStart: Bool
  /// A login gives it credentials; otherwise its configuration does.
  let hasLogin: Bool
  private var intensity = RestartIntensity()
  /// Attempts that began because credentials changed.
  var credentialAttempts = RestartIntensity()
  /// Credentials changed after the present attempt began, which may have read the old ones.
  var hasNewerCredentials = false
  private var hasSlot = false
  private(set) var hasStarted = false

  /// `impossibility`: why it cannot be started as long as its entry and the daemon's environment are what they are.
  init(isDisabled: Bool, impossibility: ServerFailure?, hasLogin: Bool = false) {
    lastFailure = impossibility
    canStart = impossibility == nil
    self.hasLogin = hasLogin
    state =
      switch impossibility?.kind {
      case _ where isDisabled: .disabled
      case nil: .backingOff
      case .credentials?: .needsAuth
      case .configuration?, .transient?: .misconfigured
      }
  }

  /// Takes an event and says what to do. `jitter` in 0…1 scatters the delays.
  mutating func handle(_ event: ServerEvent, now: MonotonicTime, jitter: Double) -> [ServerAction] {
    switch event {
    case .boot: onBoot()
    case .adopted: onAdopted()
    case .slotGranted: onSlotGranted()
    case .slotNeedless: releaseSlot()
    case .started: onStarted()
    case .startFailed(let failure): onStartFailed(failure, now, jitter)
    case .upstreamEnded(let failure): onEnded(failure, now, jitter)
    case .workerLost(let detail): onEnded(ServerFailure(detail), now, jitter)
    case .wanted: onWanted(now)
    case .restartRequested: onRestartRequested()
    case .retryDue: onRetryDue()
    case .credentialsChanged: onCredentialsChanged(now)
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

  mutating func attempt() -> [ServerAction] {
    state = .waiting
    heldUntil = nil
    return [.cancelRetry, .requestSlot]
  }

  private mutating func onAdopted() -> [ServerAction] {
    switch state {
    case .backingOff, .waiting:
      // A slot that was asked for is given back when it comes: the state is not `waiting` any more.
      state = .starting
      hasStarted = true
      wasUp = true
      return [.cancelRetry]
    case .starting:
      wasUp = true
      return []
    case .disabled, .misconfigured, .needsAuth, .up, .replacing, .stopping, .stopped: return []
    }
  }

  private mutating func onSlotGranted() -> [ServerAction] {
    guard state == .waiting else {
      // It changed its mind while it waited in line.
      return [.releaseSlot]
    }
    if hasStarted { restarts += 1 }
    hasStarted = true
    hasSlot = true
    hasNewerCredentials = false
    state = .starting
    return [.start]
  }

  private mutating func onStarted() -> [ServerAction] {
    guard state == .starting else { return [] }
    state = .up(failedProbes: 0)
    wasUp = true
    lastFailure = nil
    hasNewerCredentials = false
    isCrashLooping = false
    return releaseSlot() + [.scheduleStability, .reportReady, .releaseWaiters]
  }

  private mutating func onStartFailed(
    _ failure: ServerFailure, _ now: MonotonicTime, _ jitter: Double
  ) -> [ServerAction] {
    guard state == .starting else { return [] }
    return fail(failure, now, jitter, report: .reportSkipped)
  }

  private mutating func onEnded(_ failure: ServerFailure, _ now: MonotonicTime, _ jitter: Double) -> [ServerAction] {
    switch state {
    case .starting: fail(failure, now, jitter, report: .reportSkipped)
    case .up: [.cancelStability] + fail(failure, now, jitter, report: .reportEnded)
    case .disabled, .misconfigured, .waiting, .backingOff, .needsAuth, .replacing, .stopping, .stopped: []
    }
  }

  private mutating func fail(
    _ failure: ServerFailure, _ now: MonotonicTime, _ jitter: Double, report: ServerAction
  ) -> [ServerAction] {
    lastFailure = failure
    hasFailed = true
    switch failure.kind {
    case .transient:
      state = .backingOff
      // Operations go on waiting: this attempt may just have read the store too early.
      if hasNewerCredentials, let actions = tryNewCredentials(now) { return releaseSlot() + actions }
      return backOff(failure, now, jitter, report)
    case .credentials:
      isCrashLooping = false
      state = .needsAuth
      if hasNewerCredentials, let actions = tryNewCredentials(now) { return releaseSlot() + actions }
      return releaseSlot() + [report, .failWaiters]
    case .configuration:
      isCrashLooping = false
      state = .misconfigured
      return releaseSlot() + [report, .endWorker, .failWaiters]
    }
  }

  private mutating func backOff(
    _ failure: ServerFailure, _ now: MonotonicTime, _ jitter: Double, _ report: ServerAction
  ) -> [ServerAction] {
    failures += 1
    // Without a token nothing was started, so nothing crashed.
    isCrashLooping = !failure.isRetriedForCredentials && (intensity.note(at: now) || isCrashLooping)
    var delay = isCrashLooping ? Backoff.cap : Backoff.delay(failures: failures, jitter: jitter)
    if let wish = failure.retryAfter.map({ min($0, Self.longestRetryAfter) }), wish > .zero {
      delay = max(delay, wish)
      heldUntil = now + wish
    }
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

  /// For a server that waits for credentials a timer runs only when they changed too often.
  private mutating func onRetryDue() -> [ServerAction] {
    state == .backingOff || isWaitingForCredentials ? attempt() : []
  }

  private mutating func onWanted(_ now: MonotonicTime) -> [ServerAction] {
    state == .backingOff && !isHeld(at: now) ? attempt() : []
  }

  /// The server asked to be left alone (`Retry-After`), and the time has not passed.
  func isHeld(at moment: MonotonicTime) -> Bool { heldUntil.map { moment < $0 } ?? false }

  private mutating func onRestartRequested() -> [ServerAction] {
    resetCounters()
    countAnew()
    switch state {
    case .backingOff: return attempt()
    case .needsAuth: return canStart ? attempt() : []
    case .up:
      lastFailure = ServerFailure("was told to restart")
      state = .replacing
      return [.cancelStability, .endWorker]
    case .starting:
      state = .replacing
      return releaseSlot() + [.endWorker]
    case .disabled, .misconfigured, .waiting, .replacing, .stopping, .stopped: return []
    }
  }

  /// The next start is the first one, and none of the restarts.
  mutating func countAnew() {
    restarts = 0
    hasStarted = false
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
    credentialAttempts.reset()
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
    lastFailure = ServerFailure("does not answer liveness probes (\(failed + 1) in a row)")
    state = .replacing
    return [.cancelStability, .reportEnded, .endWorker]
  }

  // MARK: Ending

  private mutating func onStop() -> [ServerAction] {
    switch state {
    case .stopping, .stopped: return []
    case .disabled:
      state = .stopped
      return []
    case .misconfigured:
      // The worker that found it out may still be ending.
      state = .stopping
      return [.endWorker]
    case .waiting, .starting, .up, .backingOff, .needsAuth, .replacing:
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
    case .disabled, .misconfigured, .waiting, .starting, .up, .backingOff, .needsAuth, .stopped: return []
    }
  }
}
