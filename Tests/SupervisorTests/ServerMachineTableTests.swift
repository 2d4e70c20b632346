import Platform
import Testing

@testable import Supervisor

/// Every state against every event: what is not in `rows` must do nothing.
@Suite struct ServerMachineTableTests {
  struct Row {
    let situation: MachineSituation
    let event: ServerEvent
    let next: ServerState
    let actions: [ServerAction]

    init(_ situation: MachineSituation, _ event: ServerEvent, _ next: ServerState, _ actions: [ServerAction]) {
      self.situation = situation
      self.event = event
      self.next = next
      self.actions = actions
    }
  }

  private static let attempt: [ServerAction] = [.cancelRetry, .requestSlot]
  private static let ending: [ServerAction] = [.cancelRetry, .cancelStability, .failWaiters, .endWorker]

  /// The first failure; the delay of the middle jitter.
  private static func failed(_ report: ServerAction) -> [ServerAction] {
    let delay = Duration.milliseconds(500)
    return [report, .scheduleRetry(delay), .reportRestarting(attempt: 1, delay: delay), .failWaiters]
  }

  private static let ready: [ServerAction] = [.scheduleStability, .reportReady, .releaseWaiters]

  static let rows: [Row] = [
    Row(.disabled, .stop, .stopped, []),
    Row(.disabled, .slotGranted, .disabled, [.releaseSlot]),

    Row(.misconfigured, .stop, .stopping, [.endWorker]),
    Row(.misconfigured, .slotGranted, .misconfigured, [.releaseSlot]),

    Row(.misconfiguredByWorker, .stop, .stopping, [.endWorker]),
    Row(.misconfiguredByWorker, .slotGranted, .misconfigured, [.releaseSlot]),

    Row(.penniless, .stop, .stopping, ending),
    Row(.penniless, .slotGranted, .needsAuth, [.releaseSlot]),

    Row(.needsAuth, .slotGranted, .needsAuth, [.releaseSlot]),
    Row(.needsAuth, .restartRequested, .waiting, attempt),
    Row(.needsAuth, .retryDue, .waiting, attempt),
    Row(.needsAuth, .credentialsChanged, .waiting, attempt),
    Row(.needsAuth, .stop, .stopping, ending),

    Row(.fresh, .boot, .waiting, attempt),
    Row(.fresh, .slotGranted, .backingOff, [.releaseSlot]),
    Row(.fresh, .wanted, .waiting, attempt),
    Row(.fresh, .restartRequested, .waiting, attempt),
    Row(.fresh, .retryDue, .waiting, attempt),
    Row(.fresh, .stop, .stopping, ending),

    Row(.waiting, .slotGranted, .starting, [.start]),
    Row(.waiting, .stop, .stopping, ending),

    Row(.starting, .slotGranted, .starting, [.releaseSlot]),
    Row(.starting, .slotNeedless, .starting, [.releaseSlot]),
    Row(.starting, .started, .up(failedProbes: 0), [.releaseSlot] + ready),
    Row(.starting, .startFailed(.broke), .backingOff, [.releaseSlot] + failed(.reportSkipped)),
    Row(.starting, .upstreamEnded(.broke), .backingOff, [.releaseSlot] + failed(.reportSkipped)),
    Row(.starting, .workerLost("broke"), .backingOff, [.releaseSlot] + failed(.reportSkipped)),
    Row(.starting, .startFailed(.penniless), .needsAuth, [.releaseSlot] + [.reportSkipped, .failWaiters]),
    Row(
      .starting, .startFailed(.refused), .misconfigured, [.releaseSlot] + [.reportSkipped, .endWorker, .failWaiters]),
    Row(.starting, .upstreamEnded(.penniless), .needsAuth, [.releaseSlot] + [.reportSkipped, .failWaiters]),
    Row(
      .starting, .upstreamEnded(.refused), .misconfigured, [.releaseSlot] + [.reportSkipped, .endWorker, .failWaiters]),
    Row(.starting, .restartRequested, .replacing, [.releaseSlot, .endWorker]),
    Row(.starting, .stop, .stopping, [.releaseSlot] + ending),

    Row(.startingWithoutSlot, .slotGranted, .starting, [.releaseSlot]),
    Row(.startingWithoutSlot, .started, .up(failedProbes: 0), ready),
    Row(.startingWithoutSlot, .startFailed(.broke), .backingOff, failed(.reportSkipped)),
    Row(.startingWithoutSlot, .upstreamEnded(.broke), .backingOff, failed(.reportSkipped)),
    Row(.startingWithoutSlot, .workerLost("broke"), .backingOff, failed(.reportSkipped)),
    Row(.startingWithoutSlot, .startFailed(.penniless), .needsAuth, [.reportSkipped, .failWaiters]),
    Row(.startingWithoutSlot, .startFailed(.refused), .misconfigured, [.reportSkipped, .endWorker, .failWaiters]),
    Row(.startingWithoutSlot, .upstreamEnded(.penniless), .needsAuth, [.reportSkipped, .failWaiters]),
    Row(.startingWithoutSlot, .upstreamEnded(.refused), .misconfigured, [.reportSkipped, .endWorker, .failWaiters]),
    Row(.startingWithoutSlot, .restartRequested, .replacing, [.endWorker]),
    Row(.startingWithoutSlot, .stop, .stopping, ending),

    Row(.up, .slotGranted, .up(failedProbes: 0), [.releaseSlot]),
    Row(.up, .upstreamEnded(.broke), .backingOff, [.cancelStability] + failed(.reportEnded)),
    Row(.up, .workerLost("broke"), .backingOff, [.cancelStability] + failed(.reportEnded)),
    Row(.up, .upstreamEnded(.penniless), .needsAuth, [.cancelStability, .reportEnded, .failWaiters]),
    Row(
      .up, .upstreamEnded(.refused), .misconfigured,
      [.cancelStability, .reportEnded, .endWorker, .failWaiters]),
    Row(.up, .restartRequested, .replacing, [.cancelStability, .endWorker]),
    Row(.up, .probeFailed, .up(failedProbes: 1), []),
    Row(.up, .stop, .stopping, ending),

    Row(.shaky, .slotGranted, .up(failedProbes: 2), [.releaseSlot]),
    Row(.shaky, .upstreamEnded(.broke), .backingOff, [.cancelStability] + failed(.reportEnded)),
    Row(.shaky, .workerLost("broke"), .backingOff, [.cancelStability] + failed(.reportEnded)),
    Row(.shaky, .upstreamEnded(.penniless), .needsAuth, [.cancelStability, .reportEnded, .failWaiters]),
    Row(
      .shaky, .upstreamEnded(.refused), .misconfigured,
      [.cancelStability, .reportEnded, .endWorker, .failWaiters]),
    Row(.shaky, .restartRequested, .replacing, [.cancelStability, .endWorker]),
    Row(.shaky, .probeSucceeded, .up(failedProbes: 0), []),
    Row(.shaky, .probeFailed, .replacing, [.cancelStability, .reportEnded, .endWorker]),
    Row(.shaky, .stop, .stopping, ending),

    Row(.backingOff, .slotGranted, .backingOff, [.releaseSlot]),
    Row(.backingOff, .wanted, .waiting, attempt),
    Row(.backingOff, .restartRequested, .waiting, attempt),
    Row(.backingOff, .retryDue, .waiting, attempt),
    Row(.backingOff, .stop, .stopping, ending),

    Row(.tokenless, .slotGranted, .backingOff, [.releaseSlot]),
    Row(.tokenless, .wanted, .waiting, attempt),
    Row(.tokenless, .restartRequested, .waiting, attempt),
    Row(.tokenless, .retryDue, .waiting, attempt),
    Row(.tokenless, .credentialsChanged, .waiting, attempt),
    Row(.tokenless, .stop, .stopping, ending),

    // Not at once because somebody wants it: the server asked for time.
    Row(.held, .slotGranted, .backingOff, [.releaseSlot]),
    Row(.held, .restartRequested, .waiting, attempt),
    Row(.held, .retryDue, .waiting, attempt),
    Row(.held, .stop, .stopping, ending),

    Row(.replacing, .slotGranted, .replacing, [.releaseSlot]),
    Row(.replacing, .stop, .stopping, ending),
    Row(.replacing, .workerGone, .waiting, attempt),

    Row(.stopping, .slotGranted, .stopping, [.releaseSlot]),
    Row(.stopping, .workerGone, .stopped, []),

    Row(.stopped, .slotGranted, .stopped, [.releaseSlot]),
  ]

  @Test(arguments: MachineSituation.allCases, ServerEvent.all)
  func answer(situation: MachineSituation, event: ServerEvent) {
    var machine = situation.machine
    #expect(machine.state == situation.state, "the history does not lead there")
    let actions = machine.handle(event, now: .zero, jitter: 0.5)
    let row = Self.rows.first { $0.situation == situation && $0.event == event }
    #expect(machine.state == row?.next ?? situation.state)
    #expect(actions == row?.actions ?? [])
  }

  @Test func rowsAreDistinct() {
    for (index, row) in Self.rows.enumerated() {
      let isRepeated = Self.rows[..<index].contains { $0.situation == row.situation && $0.event == row.event }
      #expect(!isRepeated, "\(row.situation) × \(row.event)")
    }
  }
}
