import Platform

/// Decides when an upstream that cannot be connected to counts as gone. Pure.
///
/// One lost connection is no reason to give a session up: the upstream may have been restarted, and knows its sessions or
/// says that it does not. Several in a row are: the supervisor then starts a new session as soon as there is an upstream
/// again, and calls wait for that instead of failing one by one.
struct Reachability {
  /// Failures in a row that end the session.
  static let mostFailures = 3
  /// Failures within this time are one: many calls fail at the same moment for the same reason.
  static let window = Duration.milliseconds(250)

  private var failures = 0
  private var lastFailure: MonotonicTime?

  /// A head of an answer came, whatever it said.
  mutating func answered() { failures = 0 }

  /// No connection was made. A probe asks whether the upstream is there: its failure counts twice. Returns whether the
  /// session is over.
  mutating func failed(at now: MonotonicTime, isProbe: Bool = false) -> Bool {
    if failures > 0, !isProbe, let lastFailure, now - lastFailure < Self.window { return false }
    lastFailure = now
    failures += isProbe ? 2 : 1
    return failures >= Self.mostFailures
  }
}
