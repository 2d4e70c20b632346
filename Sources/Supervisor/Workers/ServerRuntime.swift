import Configuration
import Platform
import Protocol
import Telemetry

/// Everything the supervisor keeps of one configured server. Loop-confined.
final class ServerRuntime {
  let entry: ServerEntry
  /// Index of its worker socket.
  let index: Int
  var machine: ServerMachine
  let launch: LaunchPlan
  /// The worker that runs, or is being ended.
  var link: WorkerLink?
  var isEnding = false
  /// When that worker began to serve, nanoseconds of the monotonic clock; never too early.
  var workerStartedAt: Int64?
  /// What that worker had been asked and did not know any more when this daemon took it over; nil: nobody knows.
  var forgotten: ForgottenQuestions?
  /// Remains of the last worker's upstream are being killed; the next start waits for it.
  var isSweeping = false
  var startsAfterSweep = false
  /// Nobody has looked at the credential store yet; the start waits for that.
  var startsAfterLook = false
  /// The server that takes its place when it has ended, after a change of the configuration.
  var successor: ServerRuntime?
  /// Its end was wanted while the sweep ran, and is told after it.
  var isGoneAfterSweep = false
  /// The session, while it is up.
  var session: UpstreamSession?
  /// What the handshake found out, for the next start.
  var era: ProtocolRevision.Era?

  /// What clients of the last daemon wanted to hear of the server, as long as they may come back.
  var inheritedInterests = Interests.none
  var inheritanceTimer: Timer?

  /// Operations that wait for the server, in order of admission.
  var waiting: [OperationID] = []
  /// Operations that the worker has.
  var inFlight: Set<OperationID> = []
  var lastActivity: MonotonicTime = .now

  var retryTimer: Timer?
  var slotTimer: Timer?
  var stabilityTimer: Timer?
  var probeTimer: Timer?
  var isProbing = false
  var timeoutsInRow = 0

  var readySince: MonotonicTime?
  var attemptStarted: MonotonicTime?
  /// When the first attempt began, for first lists that wait.
  var firstAttempt: MonotonicTime?
  var calls = 0
  var errors = 0
  var latency = LatencyWindow()

  /// What was told about it last, to tell changes only.
  struct Told: Equatable {
    let word: String
    let code: ReadinessCode

    init(_ machine: ServerMachine) {
      word = machine.word
      code = machine.code
    }
  }

  var told: Told

  init(entry: ServerEntry, index: Int, launch: LaunchPlan) {
    self.entry = entry
    self.index = index
    self.launch = launch
    machine = ServerMachine(
      isDisabled: entry.disabled, impossibility: launch.impossibility, hasLogin: launch.hasLogin)
    told = Told(machine)
  }

  var id: String { entry.id }
}
