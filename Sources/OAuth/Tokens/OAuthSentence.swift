package import HTTPClient
import Protocol

/// Why a server has no usable credentials, in sentences whose subject is the server, naming the command that helps.
package enum OAuthSentence {
  /// Nothing is stored for it.
  package static func missing(_ profile: OAuthProfile) -> AuthorizationFailure {
    AuthorizationFailure(.authMissing, "has no stored credentials; run: \(login(profile))")
  }

  /// The token has expired, and nothing can renew it.
  static func expired(_ profile: OAuthProfile) -> AuthorizationFailure {
    AuthorizationFailure(
      .authExpired, "has an expired access token and no refresh token; run: \(login(profile))")
  }

  /// The token has expired, and nobody knows where to renew it.
  static func undiscovered(_ profile: OAuthProfile) -> AuthorizationFailure {
    AuthorizationFailure(
      .authDiscoveryMissing,
      "has an expired access token, and its token endpoint is not known; run: warmplane auth discover "
        + ShellWord.quoted(profile.server))
  }

  static func unusable(_ profile: OAuthProfile) -> AuthorizationFailure {
    AuthorizationFailure(
      .authMissing, "has a stored access token that cannot be put into a header; run: \(login(profile))")
  }

  static func store(_ failure: CredentialStoreFailure) -> AuthorizationFailure {
    AuthorizationFailure(.authStoreUnavailable, "has no credentials at hand: \(failure)")
  }

  /// A renewal failed for a reason that may pass.
  static func notRenewed(_ detail: String) -> AuthorizationFailure {
    AuthorizationFailure(.authRefreshFailed, "has no valid access token: renewing it failed: \(detail)")
  }

  /// A renewal failed for good.
  static func dead(_ detail: String, _ profile: OAuthProfile) -> AuthorizationFailure {
    switch profile.grant {
    case .authorizationCode:
      AuthorizationFailure(
        .authExpired, "has credentials that are not accepted any more: \(detail); run: \(login(profile))")
    case .clientCredentials:
      AuthorizationFailure(
        .authMissing,
        "gets no access token with its client credentials: \(detail); correct them in the configuration, then: "
          + "warmplane reload")
    }
  }

  /// The server refuses a token that was valid by all we know.
  static func refused(_ profile: OAuthProfile, afterRenewal: Bool) -> AuthorizationFailure {
    let token = afterRenewal ? "even a new access token" : "its access token, and there is no refresh token"
    let remedy =
      profile.grant == .authorizationCode
      ? "run: \(login(profile))"
      : "check its client credentials, and run: warmplane auth discover \(ShellWord.quoted(profile.server))"
    return AuthorizationFailure(.authExpired, "refuses \(token) (401); \(remedy)")
  }

  /// A 403 that is not about scope.
  static func forbidden(_ profile: OAuthProfile) -> AuthorizationFailure {
    AuthorizationFailure(.authMissing, "forbids this to its credentials (403); for others run: \(login(profile))")
  }

  /// A 403 that names the scope it misses.
  static func insufficientScope(
    _ scope: ScopeList, _ profile: OAuthProfile, _ step: ScopeStep
  ) -> AuthorizationFailure {
    let name = scope.text.map { "the scope \"\($0.shown())\"" } ?? "a scope that it does not name"
    let remedy: String
    switch (profile.grant, step) {
    case (_, .exhausted):
      remedy =
        "more scope has been asked for \(StepUps.most) times, which is the end of it; give all that is needed in auth.scope, "
        + "then: \(profile.grant == .authorizationCode ? login(profile) : "warmplane reload")"
    case (.authorizationCode, _): remedy = "run: \(login(profile))"
    case (.clientCredentials, .asked):
      remedy = "it was asked for already; its authorization server has to grant it to the client"
    case (.clientCredentials, _): remedy = "add it to auth.scope, then: warmplane reload"
    }
    return AuthorizationFailure(.authMissing, "wants \(name) for this (403 insufficient_scope); \(remedy)")
  }

  private static func login(_ profile: OAuthProfile) -> String {
    "warmplane auth login \(ShellWord.quoted(profile.server))"
  }
}
