import Platform
import Protocol

@testable import Supervisor

/// A state of `ServerMachine` together with the history that leads to it. Every state of the type is reached by at
/// least one of these; some twice, where the history changes what the state answers.
enum MachineSituation: String, CaseIterable {
  case disabled, misconfigured, penniless, fresh, waiting, starting, startingWithoutSlot, up, shaky, backingOff,
    tokenless, held
  case needsAuth, misconfiguredByWorker, replacing
  case stopping, stopped

  /// The events that lead here.
  private var history: [ServerEvent] {
    switch self {
    case .disabled, .misconfigured, .penniless, .fresh: []
    case .waiting: [.boot]
    case .starting: [.boot, .slotGranted]
    case .startingWithoutSlot: Self.starting.history + [.slotNeedless]
    case .up: Self.starting.history + [.started]
    case .shaky: Self.up.history + [.probeFailed, .probeFailed]
    case .backingOff: Self.starting.history + [.startFailed(ServerFailure("exited with code 1"))]
    case .tokenless:
      Self.starting.history + [.startFailed(ServerFailure("has no valid access token", code: .authRefreshFailed))]
    case .held: Self.starting.history + [.startFailed(ServerFailure("is busy", retryAfter: .seconds(20)))]
    case .needsAuth:
      Self.starting.history + [.startFailed(ServerFailure("has no stored credentials", code: .authMissing))]
    case .misconfiguredByWorker:
      Self.starting.history + [.startFailed(ServerFailure("bad key", code: .configInvalid))]
    case .replacing: Self.up.history + [.restartRequested]
    case .stopping: Self.up.history + [.stop]
    case .stopped: Self.stopping.history + [.workerGone]
    }
  }

  /// A machine in this situation, all of its history at the moment zero.
  var machine: ServerMachine {
    var machine = ServerMachine(isDisabled: self == .disabled, impossibility: impossibility, hasLogin: true)
    for event in history { _ = machine.handle(event, now: .zero, jitter: 0.5) }
    return machine
  }

  private var impossibility: ServerFailure? {
    switch self {
    case .misconfigured: ServerFailure("it has no command", code: .configInvalid)
    case .penniless: ServerFailure("lacks the variable T", code: .authMissing)
    default: nil
    }
  }

  var state: ServerState {
    switch self {
    case .disabled: .disabled
    case .misconfigured, .misconfiguredByWorker: .misconfigured
    case .penniless, .needsAuth: .needsAuth
    case .fresh, .backingOff, .tokenless, .held: .backingOff
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
    .boot, .slotGranted, .slotNeedless, .started, .startFailed(.broke), .startFailed(.penniless),
    .startFailed(.refused), .upstreamEnded(.broke), .upstreamEnded(.penniless), .upstreamEnded(.refused),
    .workerLost("broke"), .wanted, .restartRequested, .retryDue, .credentialsChanged, .stable, .probeSucceeded,
    .probeFailed, .stop, .workerGone,
  ]
}

extension ServerFailure {
  static let broke = ServerFailure("broke")
  static let penniless = ServerFailure("has no token", code: .authExpired)
  static let refused = ServerFailure("is not what the entry says", code: .configInvalid)
}
