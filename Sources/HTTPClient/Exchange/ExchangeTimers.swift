import Platform

/// The clocks of one exchange. Loop-confined. At most one of connecting, waiting for the head and waiting for more runs
/// at a time, beside that for everything.
struct ExchangeTimers {
  private var total: Timer?
  private var stall: Timer?
  private var lastProgress = MonotonicTime(nanoseconds: 0)

  mutating func startTotal(_ transfer: HTTPTransfer) {
    guard let timeout = transfer.request.totalTimeout, let loop = transfer.core?.loop else { return }
    total = loop.schedule(after: timeout) { [weak transfer] in
      transfer?.fail(.totalTimeout, "did not complete its answer within \(timeout.words)")
    }
  }

  /// Starts the clock that `reason` names, in place of the one that runs; none when the request has no such bound.
  mutating func startStall(_ transfer: HTTPTransfer, _ reason: HTTPFailure.Reason) {
    stall?.cancel()
    stall = nil
    let timeout: Duration? =
      switch reason {
      case .connectTimeout: transfer.request.connectTimeout
      case .firstByteTimeout: transfer.request.firstByteTimeout
      default: transfer.request.idleTimeout
      }
    guard let timeout else { return }
    lastProgress = .now
    schedule(transfer, reason, timeout)
  }

  private mutating func schedule(_ transfer: HTTPTransfer, _ reason: HTTPFailure.Reason, _ timeout: Duration) {
    guard let loop = transfer.core?.loop else { return }
    stall = loop.schedule(at: lastProgress + timeout) { [weak transfer] in
      guard let transfer else { return }
      // Progress only moves a time; the timer catches up when it fires.
      if transfer.timers.lastProgress + timeout > .now {
        return transfer.timers.schedule(transfer, reason, timeout)
      }
      switch reason {
      case .connectTimeout: transfer.fail(reason, transfer.connectTimeoutDetail)
      case .firstByteTimeout: transfer.fail(reason, "did not begin to answer within \(timeout.words)")
      default: transfer.fail(reason, "stopped answering: nothing came for \(timeout.words)")
      }
    }
  }

  var isStallRunning: Bool { stall != nil }

  mutating func noteProgress() { if stall != nil { lastProgress = .now } }

  mutating func suspendStall() {
    stall?.cancel()
    stall = nil
  }

  mutating func stop() {
    suspendStall()
    total?.cancel()
    total = nil
  }
}

extension Duration {
  /// `10 s`, `250 ms`.
  var words: String {
    let milliseconds = self.milliseconds
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
  }
}
