import Configuration
import Platform

/// The clock of a daemon that ends when nobody needs it, with its timer. Loop-confined; owned by the front.
final class IdleWatch {
  /// A connection that has not said what it wants is waited for in steps of this.
  private static let doubt = Duration.seconds(1)

  private let loop: EventLoop
  private var clock: IdleClock
  private var timer: Timer?
  /// Whether somebody may be about to become a client.
  private let isInDoubt: () -> Bool
  private let onIdle: () -> Void

  /// `onIdle` is called once.
  init(loop: EventLoop, limit: Duration?, isInDoubt: @escaping () -> Bool, onIdle: @escaping () -> Void) {
    self.loop = loop
    self.isInDoubt = isInDoubt
    self.onIdle = onIdle
    clock = IdleClock(limit: limit, start: .now)
    arm(at: clock.deadline)
  }

  /// What a configuration says; nil: for ever.
  static func limit(_ configuration: Configuration) -> Duration? {
    configuration.daemon.idleExitSeconds > 0 ? .seconds(configuration.daemon.idleExitSeconds) : nil
  }

  /// How long there may be no client; nil: for ever.
  var limit: Duration? {
    get { clock.limit }
    set {
      clock.limit = newValue
      timer?.cancel()
      arm(at: clock.deadline)
    }
  }

  func clientArrived() { clock.clientArrived() }

  func clientLeft() {
    clock.clientLeft(at: .now)
    // A timer that is set stays: requests come and go often, and it looks at the clock when it fires.
    if timer == nil { arm(at: clock.deadline) }
  }

  private func arm(at deadline: MonotonicTime?) {
    timer = deadline.map { loop.schedule(at: $0) { [unowned self] in fire() } }
  }

  private func fire() {
    timer = nil
    if !clock.isDue(at: .now) {
      arm(at: clock.deadline)
    } else if isInDoubt() {
      arm(at: .now + Self.doubt)
    } else {
      onIdle()
    }
  }
}
