import Protocol

/// What a scope that the server misses leads to (SEP-2350).
package enum ScopeStep: Sendable, Equatable {
  /// It is asked for next: by a login, or at once by a client that acts for itself.
  case next
  /// It was asked for already, and was not granted or is not enough.
  case asked
  /// More scope was asked for as often as is done.
  case exhausted
  /// The server does not say which.
  case unnamed
}

extension StoreEntry {
  /// The server missed `scope` in the stored token. Adds it to what is asked for next, unless that is of no use. A person's
  /// step is counted when the login has succeeded, that of a client for itself here.
  mutating func noteMissing(_ scope: ScopeList, _ profile: OAuthProfile) -> ScopeStep {
    let known = ScopeList(challengedScope)
    let count = StepUps.count(stepUps, configured: profile.scope)
    switch profile.grant {
    case .authorizationCode:
      // A login that is to come asks for it, however often it is missed until then.
      if known.covers(scope) { return .next }
      if count >= StepUps.most { return .exhausted }
    case .clientCredentials:
      // With another configured scope it is worth another attempt.
      if known.covers(scope), count > 0 { return .asked }
      if count >= StepUps.most { return .exhausted }
      stepUps = StepUps(after: stepUps, configured: profile.scope)
    }
    challengedScope = known.union(scope).text
    return .next
  }
}
