package import Protocol

/// Why a server cannot be started, why an attempt failed or why a session ended.
package struct ServerFailure: Error, Sendable, Equatable {
  /// What the server did or lacks, in one sentence without secrets, to be put behind its name.
  package let detail: String
  /// The readiness code that is the cause; nil: nothing but that it failed.
  package let code: ReadinessCode?
  /// The server asked to be left alone for so long (`Retry-After`).
  package let retryAfter: Duration?

  package init(_ detail: String, code: ReadinessCode? = nil, retryAfter: Duration? = nil) {
    self.detail = detail
    self.code = code
    self.retryAfter = retryAfter
  }
}
