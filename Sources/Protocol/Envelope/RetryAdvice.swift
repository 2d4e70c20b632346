/// What who thinks of repeating a failed operation must know (contract §10, "Retry hints"): the member `retry` of failure
/// envelopes.
package struct RetryAdvice: Sendable, Equatable {
  /// What carrying the operation out (once more) does.
  package enum Classification: String, Sendable, CaseIterable {
    /// Nothing that the first attempt could have done already.
    case safe
    /// It may do everything a second time.
    case unsafe
    /// The server says that a second time changes nothing more.
    case idempotent
  }

  /// How far the operation came at its server.
  package enum ExecutionState: String, Sendable, CaseIterable {
    /// Provably it was not carried out: nothing was sent, or the server refused to begin.
    case notStarted = "not_started"
    /// The server answered, with an error or with something that cannot be passed on.
    case completed
    /// It was sent, and what became of it will not be known.
    case unknown
  }

  package let classification: Classification
  package let executionState: ExecutionState

  package init(_ classification: Classification, _ executionState: ExecutionState) {
    self.classification = classification
    self.executionState = executionState
  }

  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("classification", classification.rawValue)
    writer.member("upstream_execution_state", executionState.rawValue)
    writer.endObject()
  }
}
