package import Platform

/// What giving up an operation came to.
package enum Cancellation: Sendable {
  /// The supervisor does not have it, or not any more.
  case notFound
  /// It had not been sent and never will be; nothing more is told about it.
  case withdrawn
  /// Its worker was told, and `operationEnded` follows. `sentAt` nil: an earlier daemon sent it.
  case passedOn(sentAt: MonotonicTime?)

  /// When this daemon sent it to its worker.
  package var sentAt: MonotonicTime? {
    if case .passedOn(let sentAt) = self { sentAt } else { nil }
  }

  /// A worker has it, or had: it may have run.
  package var wasSent: Bool {
    if case .passedOn = self { true } else { false }
  }
}
