import Platform

@testable import Supervisor

/// A state of `ServerMachine` together with the history that leads to it. Every state of the type is reached by at
/// least one of these; some twice, where the history changes what the state answers.
enum MachineSituation: String, CaseIterable {
  case disabled, misconfigured, fresh, waiting, starting, startingWithoutSlot, up, shaky, backingOff, replacing
  case stopping, stopped

  /// The events that lead here.
  private var history: [ServerEvent] {
    switch self {
    case .disabled, .misconfigured, .fresh: []
    case .waiting: [.boot]
    case .starting: [.boot, .slotGranted]
    case .startingWithoutSlot: Self.starting.history + [.slotNeedless]
    case .up: Self.starting.history + [.started]
    case .shaky: Self.up.history + [.probeFailed, .probeFailed]
    case .backingOff: Self.starting.history + [.startFailed("exited with code 1")]
    case .replacing: Self.up.history + [.restartRequested]
    case .stopping: Self.up.history + [.stop]
    case .stopped: Self.stopping.history + [.workerGone]
    }
  }

  /// A machine in this situation, all of its history at the moment zero.
  var machine: ServerMachine {
    var machine = ServerMachine(
      isDisabled: self == .disabled, misconfiguration: self == .misconfigured ? "it has no command" : nil)
    for event in history { _ = machine.handle(event, now: .zero, jitter: 0.5) }
    return machine
  }

  var state: ServerState {
    switch self {
    case .disabled: .disabled
    case .misconfigured: .misconfigured
    case .fresh, .backingOff: .backingOff
    case .waiting: .waiting
    case .starting, .startingWithoutSlot: .starting
    case .up: .up(failedProbes: 0)
    case .shaky: .up(failedProbes: 2)
    case .replacing: .replacing
    case .stopping: .stopping
    case .stopped: .stopped
    }
  }
}

extension MonotonicTime {
  static let zero = MonotonicTime(nanoseconds: 0)

  static func second(_ second: Int) -> MonotonicTime { .zero + .seconds(second) }
}

extension ServerEvent {
  /// One of each.
  static let all: [ServerEvent] = [
    .boot, .slotGranted, .slotNeedless, .started, .startFailed("broke"), .upstreamEnded("broke"), .workerLost("broke"),
    .wanted, .restartRequested, .retryDue, .stable, .probeSucceeded, .probeFailed, .stop, .workerGone,
  ]
}
