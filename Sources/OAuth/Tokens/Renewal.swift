package import HTTPClient

/// Why tokens are renewed.
package enum RenewalReason: Sendable, Equatable {
  /// They expire soon, or have expired, or there are none.
  case expiring
  /// The server refused this access token, or (`wasRefused` false) a person does not want it any more: whatever the clock
  /// says, it is not used again.
  case replacing(accessToken: String, wasRefused: Bool = true)

  /// What is noted about `tokens` that were obtained for this reason.
  func unproven(_ tokens: StoredTokens) -> UnprovenToken? {
    guard case .replacing(_, true) = self else { return nil }
    return UnprovenToken(tokens.accessToken, now: EpochSeconds.now)
  }
}

/// What came of a renewal. Beside success there are two outcomes that must not be confused: see `TokenFailure.Kind`.
package enum Renewal: Sendable, Equatable {
  /// Tokens that can be used: new, or what another process obtained meanwhile. `unsaved`: the store could not be written,
  /// so nobody else has them.
  case tokens(StoredTokens, unsaved: CredentialStoreFailure? = nil)
  /// It may work later. `retryAfter`: seconds, if the server said so.
  case transient(AuthorizationFailure, retryAfter: Int? = nil)
  /// It will not work until a person, or another process, changes the stored credentials or the configuration.
  case dead(AuthorizationFailure)
}
