package import HTTPClient
import Protocol

/// What the stored tokens are good for at one moment (contract §6.2, §6.5, §7.8). Pure.
package enum TokenNeed: Sendable, Equatable {
  /// Good as they are; or not for long, but nothing can renew them.
  case use(StoredTokens)
  /// Good, and to be renewed before they are not.
  case renewEarly(StoredTokens)
  /// To be renewed, or obtained for the first time, before anything can be sent.
  case renew
  case impossible(AuthorizationFailure)

  /// Seconds before expiry at which tokens are renewed.
  package static let margin: Int64 = 300

  /// `now`: seconds since 1970.
  package init(_ entry: StoreEntry?, _ profile: OAuthProfile, now: Int64) {
    let canObtain = profile.grant == .clientCredentials
    guard let entry, entry.isFor(profile.serverURL), let tokens = entry.tokens, !tokens.accessToken.isBlankText else {
      self = canObtain ? .renew : .impossible(OAuthSentence.missing(profile))
      return
    }
    guard tokens.accessToken.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      self = canObtain ? .renew : .impossible(OAuthSentence.unusable(profile))
      return
    }
    guard let expiresAt = tokens.expiresAt, expiresAt <= now + Self.margin else {
      self = .use(tokens)
      return
    }
    let isExpired = expiresAt <= now
    if canObtain {
      self = isExpired ? .renew : .renewEarly(tokens)
    } else if tokens.refreshToken?.isBlankText ?? true {
      self = isExpired ? .impossible(OAuthSentence.expired(profile)) : .use(tokens)
    } else if entry.discovery?.tokenEndpoint == nil && profile.tokenEndpoint == nil {
      self = isExpired ? .impossible(OAuthSentence.undiscovered(profile)) : .use(tokens)
    } else {
      self = isExpired ? .renew : .renewEarly(tokens)
    }
  }

  /// Tokens that can be sent now.
  package var usable: StoredTokens? {
    switch self {
    case .use(let tokens), .renewEarly(let tokens): tokens
    case .renew, .impossible: nil
    }
  }
}
