import Glibc

/// Moments at which a test makes the process die as by `kill -9`: those between two steps that must not come apart.
///
/// `WARMPLANE_FAULT=<name>:<file>` chooses one; it strikes once, when it can create the file. Debug builds only: a release
/// build has neither the code nor the variable.
package enum FaultPoint: String {
  /// A call's frame waits in the connection's queue and was not written.
  case callQueued = "call-queued"
  /// A call's frame was written to the worker.
  case callSent = "call-sent"
  /// An answer was read from the worker, and nobody was told.
  case answerReceived = "answer-received"
  /// An answer was written to the client and not acknowledged to the worker.
  case answerDelivered = "answer-delivered"

  /// The record of a call with an idempotency key is on disk, and nothing was sent.
  case keyRecorded = "key-recorded"
  /// The outcome of such a call is in the store, and the worker does not know.
  case outcomeKept = "outcome-kept"

  #if DEBUG
    private static let chosen: (name: String, file: String)? = {
      guard let text = ProcessEnvironment["WARMPLANE_FAULT"], let colon = text.firstIndex(of: ":") else { return nil }
      return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }()

    /// Dies here if a test wants it.
    package func reach(_ before: () -> Void = {}) {
      guard let chosen = Self.chosen, chosen.name == rawValue else { return }
      before()
      guard (try? OwnedDescriptor.open(chosen.file, O_CREAT | O_EXCL | O_WRONLY)) != nil else { return }
      kill(getpid(), SIGKILL)
    }
  #else
    /// Nothing.
    package func reach(_ before: () -> Void = {}) {}
  #endif
}
