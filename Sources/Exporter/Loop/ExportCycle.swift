import Platform

/// Decides when a batch is sent, sent again or given up, and what of it is told. Pure; `TraceExporter` does it.
///
/// One batch is under way at a time. A collector that is down is told once, and once more when it is back; meanwhile it is
/// asked less and less often.
struct ExportCycle: Equatable {
  enum Phase: Equatable {
    /// Nothing waits.
    case resting
    /// Spans wait for others, or for the end of an outage.
    case gathering
    case sending
    /// The batch waits for its next attempt.
    case pausing
  }

  /// What is to be done now.
  enum Step: Equatable {
    case nothing
    /// Call `timerFired` then.
    case wait(until: MonotonicTime)
    /// Take a batch from the queue and send it.
    case sendNext
    /// Send the same batch once more.
    case sendAgain
    /// Nothing more is exported: the queue is empty, or the collector did not take its last batch.
    case finished
  }

  /// What is to be logged.
  enum Report: Equatable {
    /// From now on the collector counts as down.
    case down(String)
    /// It works again; so many spans were lost meanwhile.
    case back(lost: Int)
    /// The queue was full.
    case dropped(Int)
    /// The collector took a batch but for so many spans, or has something to say about it.
    case partial(rejected: Int, message: String)
  }

  static let firstPause = Duration.seconds(1)
  static let longestPause = Duration.seconds(30)
  /// At most one report of dropped or rejected spans in this time.
  static let reportInterval = Duration.seconds(60)

  private let scheduleDelay: Duration
  private let exportTimeout: Duration

  private(set) var phase = Phase.resting
  private(set) var isDown = false
  private(set) var isFlushing = false
  /// Spans that were given up since the collector is down.
  private(set) var lost = 0
  /// Failed attempts in a row.
  private var failures = 0
  /// When the present batch is given up.
  private(set) var giveUpAt = MonotonicTime(nanoseconds: .max)
  private var nextReport = MonotonicTime(nanoseconds: .min)

  init(scheduleDelay: Duration, exportTimeout: Duration) {
    self.scheduleDelay = scheduleDelay
    self.exportTimeout = exportTimeout
  }

  /// A span was put into the queue. `hasBatch`: enough for a whole request are there.
  mutating func added(hasBatch: Bool, at now: MonotonicTime) -> Step {
    switch phase {
    case .sending, .pausing: return .nothing
    case .gathering: return hasBatch && !isDown ? begin(now) : .nothing
    case .resting:
      if hasBatch && !isDown { return begin(now) }
      phase = .gathering
      return .wait(until: now + max(scheduleDelay, isDown ? pause(jitter: 0.5) : .zero))
    }
  }

  /// The moment of the last `.wait` has come.
  mutating func timerFired(at now: MonotonicTime) -> Step {
    switch phase {
    case .gathering: return begin(now)
    case .pausing:
      phase = .sending
      return .sendAgain
    case .resting, .sending: return .nothing
    }
  }

  /// The process ends: no more waiting, and no second attempts. `waiting`: spans in the queue.
  mutating func flush(waiting: Int, at now: MonotonicTime) -> Step {
    guard !isFlushing else { return .nothing }
    isFlushing = true
    switch phase {
    case .sending: return .nothing
    case .pausing:
      phase = .sending
      return .sendAgain
    case .resting, .gathering: return waiting > 0 ? begin(now) : .finished
    }
  }

  /// An attempt with `spans` spans ended. `waiting`: spans in the queue. `dropped`: spans for which the queue had no room;
  /// asked for only if they are told. `jitter` is in 0..<1.
  mutating func ended(
    _ outcome: ExportOutcome, spans: Int, waiting: Int, hasBatch: Bool, dropped: () -> Int, jitter: Double,
    at now: MonotonicTime
  ) -> (step: Step, reports: [Report]) {
    var reports: [Report] = []
    switch outcome {
    case .accepted(let rejected, let message):
      failures = 0
      if isDown { reports.append(.back(lost: lost + dropped())) }
      (isDown, lost) = (false, 0)
      if now >= nextReport {
        let missing = dropped()
        if missing > 0 { reports.append(.dropped(missing)) }
        if rejected > 0 || !message.isEmpty { reports.append(.partial(rejected: rejected, message: message)) }
        if missing > 0 || rejected > 0 || !message.isEmpty { nextReport = now + Self.reportInterval }
      }
      return (goOn(waiting: waiting, hasBatch: hasBatch, at: now), reports)
    case .unavailable(let detail, let delay):
      noteFailure(detail, &reports)
      let next = now + max(delay ?? .zero, pause(jitter: jitter))
      if !isFlushing, next < giveUpAt {
        phase = .pausing
        return (.wait(until: next), reports)
      }
      return (giveUp(spans, waiting: waiting, until: next), reports)
    case .refused(let detail):
      noteFailure(detail, &reports)
      return (giveUp(spans, waiting: waiting, until: now + pause(jitter: jitter)), reports)
    }
  }

  // MARK: Parts

  private mutating func begin(_ now: MonotonicTime) -> Step {
    phase = .sending
    giveUpAt = now + exportTimeout
    return .sendNext
  }

  private mutating func goOn(waiting: Int, hasBatch: Bool, at now: MonotonicTime) -> Step {
    if hasBatch || (isFlushing && waiting > 0) { return begin(now) }
    if isFlushing || waiting == 0 {
      phase = .resting
      return isFlushing ? .finished : .nothing
    }
    phase = .gathering
    return .wait(until: now + scheduleDelay)
  }

  private mutating func noteFailure(_ detail: String, _ reports: inout [Report]) {
    failures += 1
    if !isDown { reports.append(.down(detail)) }
    isDown = true
  }

  private mutating func giveUp(_ spans: Int, waiting: Int, until next: MonotonicTime) -> Step {
    lost += spans
    if isFlushing || waiting == 0 {
      phase = .resting
      return isFlushing ? .finished : .nothing
    }
    phase = .gathering
    return .wait(until: next)
  }

  /// Doubled with each failure in a row, and a fifth more or less.
  private func pause(jitter: Double) -> Duration {
    let doubled = Self.firstPause * (1 << min(max(0, failures - 1), 5))
    return min(doubled, Self.longestPause) * (0.8 + 0.4 * jitter)
  }
}
