import HTTPClient
import Platform
import Protocol

/// A stream that should be open as long as its session: the GET stream of a legacy session, or `subscriptions/listen`.
/// Opens it again when it breaks. Loop-confined.
final class StandingStream {
  /// What it tells, on the loop.
  struct Handlers {
    /// Makes the exchange of the next attempt; the argument is the last event id, empty without one.
    var exchange: (String, UpstreamExchange.Handlers) -> UpstreamExchange?
    var message: (IncomingMessage) -> Void
    /// The upstream has accepted it, the first time or again.
    var opened: () -> Void
    /// It is open again, and what came in between was not repeated.
    var missedChanges: () -> Void
    /// The upstream does not know the session any more, or the credentials are others than those of the session.
    var sessionLost: (SessionLoss) -> Void
    /// No connection could be made, in words. Returns whether another attempt makes sense.
    var unreachable: (String) -> Bool
    /// There is no such stream, and there will be none.
    var refused: () -> Void
  }

  private let loop: EventLoop
  private let handlers: Handlers
  /// Whether a stream can go on where the last one ended.
  private let canResume: Bool
  private let hasSession: Bool
  private var plan = StreamPlan()
  private var exchange: UpstreamExchange?
  private var timer: Timer?
  private var lastEventID = ""
  private var retryMilliseconds: Int?
  private var isStopped = false

  init(loop: EventLoop, canResume: Bool, hasSession: Bool, handlers: Handlers) {
    self.loop = loop
    self.canResume = canResume
    self.hasSession = hasSession
    self.handlers = handlers
  }

  func open() {
    if isStopped { return }
    var told = UpstreamExchange.Handlers(end: { [weak self] in self?.ended($0) })
    told.opened = { [weak self] _ in self?.opened() }
    told.message = { [weak self] in self?.handlers.message($0) }
    told.mark = { [weak self] id, retry in
      self?.lastEventID = id
      self?.retryMilliseconds = retry
    }
    exchange = handlers.exchange(canResume ? lastEventID : "", told)
    exchange?.start()
  }

  private func opened() {
    if plan.opened(at: .now), !canResume || lastEventID.isEmpty { handlers.missedChanges() }
    handlers.opened()
  }

  private func ended(_ end: ExchangeEnd) {
    exchange = nil
    if isStopped { return }
    let step: StreamPlan.Step
    switch end {
    case .complete: step = plan.ended(at: .now, retryMilliseconds: retryMilliseconds)
    case .failed(let failure) where failure.reason == .redirect || failure.reason == .invalidRequest: step = .never
    case .failed(let failure):
      step = plan.ended(at: .now, retryMilliseconds: retryMilliseconds)
      if failure.isUnreachable, !handlers.unreachable(failure.detail) { return }
    case .refused(let refused):
      step = plan.refused(status: refused.status, retryAfter: refused.retryAfter, hasSession: hasSession)
    // Tokens come back; what is written down in the configuration stays as it is.
    case .unauthorized(let failure, _) where failure.code != .transportUnavailable: step = plan.ended(at: .now)
    case .unusable, .tooLarge, .unauthorized: step = .never
    case .superseded: return handlers.sessionLost(.superseded)
    }
    switch step {
    case .never: handlers.refused()
    case .sessionLost: handlers.sessionLost(.unknown)
    case .open(let delay): timer = loop.schedule(after: delay) { [weak self] in self?.open() }
    }
  }

  /// Asked for by the stream itself: the other side has said what it had to say.
  func restart() {
    exchange?.cancel()
    ended(.complete)
  }

  /// Closes it for good.
  func stop() {
    isStopped = true
    exchange?.cancel()
    timer?.cancel()
  }
}
