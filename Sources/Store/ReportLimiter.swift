import Platform

/// Lets one report of each kind through per interval: a full disk is one line in the log, not one per change. Pure.
struct ReportLimiter {
  static let interval = Duration.seconds(600)

  private var last: [StoreReport.Kind: MonotonicTime] = [:]
  /// Whether somebody reads in the log that nothing is saved, and waits for the end of it.
  private var owesRecovery = false

  mutating func admits(_ kind: StoreReport.Kind, now: MonotonicTime) -> Bool {
    if kind == .recovered {
      defer { owesRecovery = false }
      return owesRecovery
    }
    if let last = last[kind], now - last < Self.interval { return false }
    last[kind] = now
    switch kind {
    case .full, .readOnly, .busy, .failed: owesRecovery = true
    case .setAside, .entryDamaged, .refused, .slow, .recovered: break
    }
    return true
  }
}
