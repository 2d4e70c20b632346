package import Protocol

/// Why a server cannot be started, why an attempt failed or why a session ended.
package struct ServerFailure: Error, Sendable, Equatable {
  /// What helps against a failure.
  enum Kind: Sendable {
    /// Another attempt, later.
    case transient
    /// Nothing that the server or time could do: somebody must give credentials.
    case credentials
    /// Another configuration.
    case configuration
  }

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

  /// Contract §6.2.
  var kind: Kind {
    switch code {
    case .authMissing, .authExpired, .authDiscoveryMissing: .credentials
    case .configInvalid: .configuration
    case nil, .authStoreUnavailable, .authRefreshFailed, .transportUnavailable, .ready, .starting, .restarting,
      .crashLoop, .disabled:
      .transient
    }
  }

  /// It passes by itself, and concerns credentials: other credentials may help at once.
  var isRetriedForCredentials: Bool { code == .authRefreshFailed || code == .authStoreUnavailable }
}
